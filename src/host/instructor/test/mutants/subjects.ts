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

export interface TaskSubjects {
  readonly task: TaskDefinition;
  /** Keys of the services that its checks look at. */
  readonly services: readonly string[];
  /** Those of them whose packets its checks look at. A lookup looks only at the name. */
  readonly carried: readonly string[];
  /** Those of them whose port its checks use. The port behind a node port may be any. */
  readonly ports: readonly string[];
  /** The nodes where its checks look, or from where they send. */
  readonly nodes: readonly string[];
  /** Requests to a service by its name. */
  readonly byName: readonly { readonly from: PlaceRef; readonly host: string; readonly service: string }[];
  /** Components whose processes its checks look for, as `node/component`. */
  readonly components: readonly string[];
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
  // A request to the address of a node looks at this node.
  const called = machines.filter(({ address }) =>
    checks.some((check) => ['url', 'to'].some((field) => String(fieldOf(check, field)).includes(`${address}:`))),
  );
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
  const places = checks.flatMap((check) => placesOf(check));
  const all = checks.some(({ type }) => type === 'twin' || type === 'untouched');
  const services = subjects.filter((subject) => all || checks.some((check) => mentions(check, subject)));
  return {
    task,
    services: services.map(({ key }) => key),
    carried: services
      .filter((subject) => all || checks.some((each) => each.type !== 'lookup' && mentions(each, subject)))
      .map(({ key }) => key),
    ports: services.filter((subject) => all || checks.some((each) => usesPort(each, subject))).map(({ key }) => key),
    nodes: [...new Set([...places.flatMap(nodeOf), ...called.map(({ name }) => name)])].filter((name) =>
      names.includes(name),
    ),
    byName: checks.flatMap((check) => requestsByName(check, services)),
    components: checks.flatMap((check) => {
      const { type, name, on } = check as CheckDefinition & { readonly name?: unknown; readonly on?: unknown };
      if (type !== 'process' || typeof name !== 'string' || typeof on !== 'string') return [];
      return nodeOf(on).map((node) => `${node}/${name}`);
    }),
  };
};

const placesOf = (check: CheckDefinition): readonly PlaceRef[] => {
  const { on, from } = check as { readonly on?: unknown; readonly from?: unknown };
  return [on, from].flat().filter((each): each is string => typeof each === 'string');
};

/** All texts of a check, except those that a student reads. */
const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !['title', 'hint', 'question', 'choices', 'id', 'needs', 'type', 'reveal'].includes(key))
    .flatMap(([, each]) => textsOf(each));
};

/** Whether a check names the service: as an object, by its name, by its address, or in the comment of a rule. */
const mentions = (check: CheckDefinition, { name, namespace, key, service }: Subject): boolean => {
  const own = literal(name);
  const objects = new RegExp(
    `(service|endpoints)/${namespace === 'default' ? '(default/)?' : `${literal(namespace)}/`}${own}(?![\\w/-])`,
  );
  const address = service.spec.clusterIP;
  return textsOf(check).some(
    (text) =>
      objects.test(text) ||
      (address !== undefined &&
        address !== 'None' &&
        new RegExp(`(^|[^\\d.])${literal(address)}(?![\\d.])`).test(text)) ||
      new RegExp(`(^|[^\\w/-])${literal(key)}(?![\\w/-])`).test(text) ||
      hostsOf(check).some(({ host, from }) => isNameOf(host, from, { name, namespace })),
  );
};

const usesPort = (check: CheckDefinition, subject: Subject): boolean => {
  if (check.type === 'lookup' || !mentions(check, subject) || textsOf(check).some((text) => text.includes('nodePort')))
    return false;
  return check.type !== 'object' || JSON.stringify(fieldOf(check, 'where') ?? []).includes('ports');
};

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The hosts to which a check sends requests, or whose name it looks up. */
const hostsOf = (check: CheckDefinition): readonly { readonly from: PlaceRef; readonly host: string }[] => {
  const { type, from, url, to, name } = check as unknown as Readonly<Record<string, unknown>>;
  if (typeof from !== 'string') return [];
  const target = type === 'http' ? /^https?:\/\/([^/:$]+)/.exec(String(url))?.[1] : undefined;
  const host = target ?? (type === 'tcp' ? String(to).split(':')[0] : type === 'lookup' ? String(name) : undefined);
  return host === undefined || host === '' || /^[\d.]+$/.test(host) || host.includes('$') ? [] : [{ from, host }];
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
