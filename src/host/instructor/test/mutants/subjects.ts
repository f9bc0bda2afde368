// What the checks of a task look at: services, machines, and the places from where requests are sent.

import type { Service, ServicePort } from '../../../../api/core.ts';
import type { Pod } from '../../../../api/core-pods.ts';
import type { EndpointSlice } from '../../../../api/discovery.ts';
import type { CheckDefinition, LabDefinition, PlaceRef, TaskDefinition } from '../../../../api/lab.ts';

/** The objects of the solved cluster. */
export interface Objects {
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  readonly slices: readonly EndpointSlice[];
}

/** A service with its first ready endpoint. */
export interface Subject {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly service: Service;
  readonly port: ServicePort | undefined;
  readonly endpoint: { readonly address: string; readonly port: number } | undefined;
}

/** A check that looks at a service. */
export interface Mention {
  readonly service: string;
  readonly check: string;
  /** The field of the check that names the service, such as `packet.to`. */
  readonly field: string;
  readonly usesPort: boolean;
  /** Whether the check looks at packets of the service. */
  readonly carries: boolean;
  /** Where the check looks, or from where it sends. */
  readonly nodes: readonly string[];
}

export interface TaskSubjects {
  readonly task: TaskDefinition;
  /** In the order of the checks. */
  readonly mentions: readonly Mention[];
  /** Keys of the services that its checks look at. */
  readonly services: readonly string[];
  /** Those of them whose packets its checks look at. A lookup looks only at the name. */
  readonly carried: readonly string[];
  /** Those of them whose port its checks use. The port behind a node port may be any. */
  readonly ports: readonly string[];
  /** The nodes where its checks look, or from where they send. */
  readonly nodes: readonly string[];
  /** Service → the nodes of those checks that look at it. */
  readonly nodesOf: Readonly<Record<string, readonly string[]>>;
  /** Requests to a service by its name. */
  readonly byName: readonly { readonly from: PlaceRef; readonly host: string; readonly service: string }[];
  /** Components whose processes its checks look for, as `node/component`, and the check. */
  readonly components: readonly { readonly key: string; readonly check: string }[];
}

export const keyOf = ({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name?: string };
}): string => `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;

/** The services of the lab's own namespaces. */
export const subjectsIn = ({ services, slices }: Objects): readonly Subject[] =>
  services
    .filter((service) => !['kube-system/', 'default/kubernetes'].some((own) => keyOf(service).startsWith(own)))
    .map((service) => {
      const { name = '', namespace = 'default' } = service.metadata;
      return {
        key: keyOf(service),
        name,
        namespace,
        service,
        port: service.spec.ports?.[0],
        endpoint: endpointOf(slices, keyOf(service)),
      };
    });

const endpointOf = (slices: readonly EndpointSlice[], key: string): Subject['endpoint'] => {
  for (const { metadata, endpoints = [], ports = [] } of slices) {
    const owner = metadata.labels?.['kubernetes.io/service-name'];
    if (`${metadata.namespace ?? 'default'}/${owner}` !== key) continue;
    const address = endpoints.find(({ conditions }) => conditions?.ready !== false)?.addresses?.[0];
    const port = ports?.[0]?.port;
    if (address !== undefined && port !== undefined) return { address, port };
  }
  return undefined;
};

/** What proves that something is absent says nothing about a service. What a student answered neither. */
const looksAt = ({ type, not, ...fields }: CheckDefinition & { readonly count?: unknown }): boolean =>
  type !== 'answer' && !not && fields.count !== 0;

interface Cluster {
  readonly subjects: readonly Subject[];
  readonly pods: readonly Pod[];
  readonly machines: readonly { readonly name: string; readonly address: string }[];
}

const fieldOf = (check: CheckDefinition, field: string): unknown =>
  (check as unknown as Readonly<Record<string, unknown>>)[field];

export const subjectsOf = (
  lab: LabDefinition,
  task: TaskDefinition,
  { subjects, pods, machines }: Cluster,
): TaskSubjects => {
  const checks = task.checks.filter(looksAt);
  const names = lab.cluster.nodes.map(({ name }) => name);
  const nodeOf = (place: PlaceRef): readonly string[] => {
    const [kind, ...rest] = place.split('/');
    if (kind === 'node' && rest[0] === '*') return names;
    if (kind === 'node') return names.filter((name) => name === rest[0]);
    if (kind !== 'pod') return [];
    const [namespace, pod] = rest.length > 1 ? rest : ['default', rest[0]];
    return pods
      .filter(({ metadata }) => keyOf({ metadata }) === `${namespace}/${pod}`)
      .flatMap(({ spec }) => spec.nodeName ?? []);
  };
  // A request to the address of a node looks at this node.
  const isCalled = (check: CheckDefinition, { address }: Cluster['machines'][number]): boolean =>
    ['url', 'to'].some((field) => String(fieldOf(check, field)).includes(`${address}:`));
  const nodesIn = (check: CheckDefinition): readonly string[] => {
    const called = machines.filter((machine) => isCalled(check, machine)).map(({ name }) => name);
    return distinct([...placesOf(check).flatMap(nodeOf), ...called]).filter((name) => names.includes(name));
  };
  const mentions = checks.flatMap((check) =>
    subjects.flatMap((subject): readonly Mention[] => {
      const field = fieldNaming(check, subject);
      if (field === undefined) return [];
      const about = { service: subject.key, check: check.id, field };
      return [{ ...about, usesPort: usesPort(check, subject), carries: carries(check), nodes: nodesIn(check) }];
    }),
  );
  const keys = subjects.map(({ key }) => key).filter((key) => mentions.some(({ service }) => service === key));
  const services = subjects.filter(({ key }) => keys.includes(key));
  const nodesOf = (key: string): readonly string[] =>
    distinct(mentions.filter(({ service, carries }) => service === key && carries).flatMap(({ nodes }) => nodes));
  return {
    task,
    mentions,
    services: keys,
    carried: keys.filter((key) => mentions.some(({ service, carries }) => service === key && carries)),
    ports: keys.filter((key) => mentions.some(({ service, usesPort }) => service === key && usesPort)),
    nodes: distinct(checks.flatMap(nodesIn)),
    nodesOf: Object.fromEntries(keys.map((key) => [key, nodesOf(key)])),
    byName: checks.flatMap((check) => requestsByName(check, services)),
    components: checks.flatMap((check) => {
      const { type, name, on } = check as CheckDefinition & { readonly name?: unknown; readonly on?: unknown };
      if (type !== 'process' || typeof name !== 'string' || typeof on !== 'string') return [];
      return nodeOf(on).map((node) => ({ key: `${node}/${name}`, check: check.id }));
    }),
  };
};

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** Why labs tries a wrong solution in a task. */
export interface Reason {
  readonly check: string;
  /** The field of the check that names what the wrong solution breaks. */
  readonly field: string;
  /** The service, or `node/component`. */
  readonly names: string;
}

/** @returns undefined if the fault of the task is the reason, or the answer to a question */
export const reasonFor = (
  { group, services: [key = ''] }: { readonly group: string; readonly services: readonly string[] },
  { mentions, components }: Pick<TaskSubjects, 'mentions' | 'components'>,
): Reason | undefined => {
  const [kind = '', node = ''] = group.split(' on ');
  if (kind === 'stopped') {
    const component = components.find((each) => each.key.startsWith(`${node}/`));
    return component && { check: component.check, field: 'name', names: component.key };
  }
  const mention = mentions.find(
    ({ service, usesPort, nodes }) =>
      service === key && (kind !== 'port' || usesPort) && (kind !== 'rule' || nodes.includes(node)),
  );
  return mention && { check: mention.check, field: mention.field, names: mention.service };
};

const placesOf = (check: CheckDefinition): readonly PlaceRef[] => {
  const { on, from } = check as { readonly on?: unknown; readonly from?: unknown };
  return [on, from].flat().filter((each): each is string => typeof each === 'string');
};

/** All texts of a check by their fields, such as `packet.to`, except those that a student reads. */
const textsOf = (value: unknown, field = ''): readonly (readonly [field: string, text: string])[] => {
  if (typeof value === 'string') return [[field, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !['title', 'hint', 'question', 'choices', 'id', 'needs', 'type', 'reveal'].includes(key))
    .flatMap(([key, each]) => textsOf(each, Array.isArray(value) || field === '' ? field || key : `${field}.${key}`));
};

/** How a text names a service: as the pods behind it, by a node port, or in a way that uses its own port. */
type Naming = 'endpoints' | 'node port' | 'service';

const namingIn = (text: string, { name, namespace, key, service }: Subject): Naming | undefined => {
  const own = literal(name);
  const object = (kind: string): boolean =>
    new RegExp(`${kind}/${namespace === 'default' ? '(default/)?' : `${literal(namespace)}/`}${own}(?![\\w/-])`).test(
      text,
    );
  const address = service.spec.clusterIP;
  const hasAddress =
    address !== undefined && address !== 'None' && new RegExp(`(^|[^\\d.])${literal(address)}(?![\\d.])`).test(text);
  if (object('service')) return text.includes('nodePort') ? 'node port' : 'service';
  if (hasAddress || new RegExp(`(^|[^\\w/-])${literal(key)}(?![\\w/-])`).test(text)) return 'service';
  if (object('endpoints')) return 'endpoints';
  const nodePorts = (service.spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  return nodePorts.some((port) => new RegExp(`\\d:${port}(?!\\d)`).test(text)) ? 'node port' : undefined;
};

/** The ways in which a check names a service, with the field of each. */
const namingsIn = (check: CheckDefinition, subject: Subject): readonly (readonly [field: string, how: Naming])[] => [
  ...textsOf(check).flatMap(([field, text]) => {
    const how = namingIn(text, subject);
    return how ? [[field, how] as const] : [];
  }),
  ...hostsOf(check)
    .filter(({ host, from }) => isNameOf(host, from, subject))
    .map(({ field }) => [field, 'service'] as const),
];

/** A lookup looks only at the name. */
const carries = ({ type }: CheckDefinition): boolean => type !== 'lookup';

/** Checks of these types compare all services of a node. */
const comparesAll = ({ type }: CheckDefinition): boolean => type === 'twin' || type === 'untouched';

/** The field by which a check names the service: as an object, by its name, its address, or the comment of a rule. */
const fieldNaming = (check: CheckDefinition, subject: Subject): string | undefined =>
  comparesAll(check) ? 'type' : namingsIn(check, subject)[0]?.[0];

const usesPort = (check: CheckDefinition, subject: Subject): boolean => {
  if (comparesAll(check) || !carries(check)) return false;
  const namings = namingsIn(check, subject).map(([, how]) => how);
  if (namings.includes('node port') || !namings.includes('service')) return false;
  return check.type !== 'object' || JSON.stringify(fieldOf(check, 'where') ?? []).includes('ports');
};

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

interface Request {
  readonly from: PlaceRef;
  readonly host: string;
  /** The field that has the host. */
  readonly field: string;
}

/** The hosts to which a check sends requests, or whose name it looks up. */
const hostsOf = (check: CheckDefinition): readonly Request[] => {
  const { type, from, url, to, name } = check as unknown as Readonly<Record<string, unknown>>;
  if (typeof from !== 'string') return [];
  const target = type === 'http' ? /^https?:\/\/([^/:$]+)/.exec(String(url))?.[1] : undefined;
  const host = target ?? (type === 'tcp' ? String(to).split(':')[0] : type === 'lookup' ? String(name) : undefined);
  const field = type === 'http' ? 'url' : type === 'tcp' ? 'to' : 'name';
  return host === undefined || host === '' || /^[\d.]+$/.test(host) || host.includes('$')
    ? []
    : [{ from, host, field }];
};

const isNameOf = (host: string, from: PlaceRef, { name, namespace }: Pick<Subject, 'name' | 'namespace'>): boolean => {
  const parts = from.split('/');
  const own = parts[0] === 'pod' && parts.length > 2 ? parts[1] : 'default';
  const [first, second, ...rest] = host.split('.');
  if (first !== name) return false;
  return second === undefined ? own === namespace : second === namespace && (rest.length === 0 || rest[0] === 'svc');
};

const requestsByName = (check: CheckDefinition, services: readonly Subject[]): TaskSubjects['byName'] =>
  hostsOf(check).flatMap(({ from, host }) =>
    services.filter((subject) => isNameOf(host, from, subject)).map(({ key }) => ({ from, host, service: key })),
  );
