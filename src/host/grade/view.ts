// How checks read the cluster: places, objects, templates and probes, over the facts gathered so far.
import type { ClusterSpec } from '../../api/cluster.ts';
import type { Pod } from '../../api/core.ts';
import type { FactName, Facts, HttpOutcome, LookupOutcome, TcpOutcome } from '../../api/fabric.ts';
import type { PlaceRef } from '../../api/lab.ts';
import type { KubeObject } from '../../api/meta.ts';
import { allResources, apiVersionOf, type Resource } from '../../api/resources.ts';
import type { MachineAccess } from './access.ts';
import {
  BrokenFact,
  type Fact,
  type FactKind,
  type FactRequest,
  type FactStore,
  type FactValue,
  keyOf,
  MissingFacts,
  type Spot,
  Unmet,
} from './facts.ts';
import { isProgram, parseReference, queryPath, splitHostPort, words } from './reference.ts';
import type { Phrases } from './say/en.ts';

/** What a place resolves to: where to look, and how to call it in messages. */
export interface Located extends Spot {
  readonly label: string;
  readonly pod?: Pod;
}

export interface ViewOptions {
  readonly cluster: ClusterSpec;
  readonly machines: readonly Pick<MachineAccess, 'name' | 'role' | 'address'>[];
  readonly store: FactStore;
  readonly say: Phrases;
}

/** All methods are pure over the store. They throw MissingFacts, Unmet or BrokenFact. */
export class View {
  readonly cluster: ClusterSpec;
  readonly machines: ViewOptions['machines'];
  /** The sentences of the language asked for. */
  readonly say: Phrases;
  readonly #store: FactStore;

  constructor({ cluster, machines, store, say }: ViewOptions) {
    this.cluster = cluster;
    this.machines = machines;
    this.say = say;
    this.#store = store;
  }

  /** The values of several facts of one kind; asks for all that are missing at once. */
  all<K extends FactKind>(requests: readonly Extract<FactRequest, { kind: K }>[]): readonly FactValue<K>[] {
    const facts = this.tryAll(requests);
    return facts.map((fact) => {
      if (fact.ok) return fact.value as FactValue<K>;
      if (fact.code === 'FABRIC_NO_POD') throw new Unmet(this.say.podGone());
      throw new BrokenFact(fact.cause);
    });
  }

  one<K extends FactKind>(request: Extract<FactRequest, { kind: K }>): FactValue<K> {
    return this.all<K>([request])[0] as FactValue<K>;
  }

  tryAll(requests: readonly FactRequest[]): readonly Fact[] {
    const missing = requests.filter((request) => !this.#store.has(keyOf(request)));
    if (missing.length > 0) throw new MissingFacts(missing);
    return requests.map((request) => this.#store.get(keyOf(request)) as Fact);
  }

  /** The places that a reference means: one, or each node for a star. */
  places(reference: PlaceRef): readonly Located[] {
    const [kind, ...rest] = reference.split('/');
    switch (kind) {
      case 'pod':
        return [this.#pod(reference)];
      case 'node':
        return rest[0] === '*'
          ? this.cluster.nodes.map(({ name }) => this.#machine(name))
          : [this.#machine(rest[0] ?? '')];
      default:
        return [this.#machine(rest[0] ?? this.cluster.clients[0]?.name ?? 'client')];
    }
  }

  place(reference: PlaceRef): Located {
    return this.places(reference)[0] as Located;
  }

  facts(spots: readonly Spot[], ...wants: readonly FactName[]): readonly Facts[] {
    const values = this.all<'facts'>(
      spots.flatMap((spot) => wants.map((want) => ({ kind: 'facts' as const, spot: bare(spot), want }))),
    );
    return spots.map((_, index) =>
      Object.assign({}, ...values.slice(index * wants.length, (index + 1) * wants.length)),
    );
  }

  /** All objects of a kind, over all namespaces. */
  objects<T extends KubeObject>(kind: string): readonly T[] {
    const resource = resourceOf(kind);
    const prefix = resource.group === '' ? '/api' : '/apis';
    const request = { kind: 'objects', path: `${prefix}/${apiVersionOf(resource)}/${resource.plural}` } as const;
    const [fact] = this.tryAll([request]);
    if (fact?.ok) return fact.value as readonly T[];
    throw this.#whyNoObjects(fact?.cause ?? '');
  }

  /** By `kind/name`, `kind/namespace/name` or `kind/namespace/label=value` (then the first one that is ready, or the first). */
  object<T extends KubeObject>(reference: string): T | undefined {
    const { kind, namespace, name, label } = parseReference(reference);
    const inPlace = this.objects<T>(kind).filter(
      ({ metadata }) => metadata.namespace === undefined || metadata.namespace === namespace,
    );
    if (!label) return inPlace.find(({ metadata }) => metadata.name === name);
    const labelled = inPlace.filter(({ metadata }) => metadata.labels?.[label.key] === label.value);
    return labelled.find(isReady) ?? labelled[0];
  }

  /** Fills in `${service/db:.spec.clusterIP}`. @throws Unmet when there is no such object or field */
  fill(text: string): string {
    return text.replaceAll(/\$\{([^}:]+):([^}]+)\}/g, (_, reference: string, path: string) => {
      const object = this.object(reference);
      if (!object) throw this.noSuch(words(reference));
      const value = queryPath(object, path)[0];
      if (value === undefined) throw new Unmet(this.say.hasNoField(words(reference), path));
      return String(value);
    });
  }

  /** What to throw where something that the student should have made isn't there. */
  noSuch(object: string): Unmet {
    return new Unmet(this.say.noSuch(object), this.say.createFirst(object));
  }

  http(from: Located, url: string, options: { method?: string; timeoutMs?: number } = {}): HttpOutcome {
    const target = new URL(url);
    const resolved = this.resolve(from, target.hostname);
    if (!resolved.ok) return { ...resolved };
    const host = target.host;
    if (resolved.address !== target.hostname) target.hostname = resolved.address;
    return this.one<'http'>({
      kind: 'http',
      spot: bare(from),
      url: target.href,
      method: options.method ?? 'GET',
      ...(target.host === host ? {} : { host }),
      timeoutMs: options.timeoutMs ?? 2000,
    });
  }

  tcp(from: Located, to: string, timeoutMs = 2000): TcpOutcome {
    const { host, port } = splitHostPort(to);
    const resolved = this.resolve(from, host);
    if (!resolved.ok) return { ...resolved };
    return this.one<'tcp'>({ kind: 'tcp', spot: bare(from), host: resolved.address, port, timeoutMs });
  }

  /** Asks the cluster's name server as a pod's resolver would, along its search list. */
  lookup(from: Located, name: string, timeoutMs = 2000): LookupOutcome {
    const nameserver = this.cluster.dnsAddress;
    return this.one<'lookup'>({
      kind: 'lookup',
      spot: bare(from),
      name: candidate(from, name),
      nameserver,
      timeoutMs,
    });
  }

  resolve(
    from: Located,
    host: string,
  ): { ok: true; address: string } | { ok: false; failure: 'unresolved'; message: string } {
    if (/^[\d.]+$/.test(host)) return { ok: true, address: host };
    const machine = this.machines.find(({ name }) => name === host);
    if (machine) return { ok: true, address: machine.address };
    const unknown = (message: string) => ({ ok: false as const, failure: 'unresolved' as const, message });
    if (!from.pod) return unknown(this.say.noResolver(from.label, host));
    const outcome = this.lookup(from, host);
    const address = outcome.ok ? outcome.addresses[0] : undefined;
    if (address) return { ok: true, address };
    return unknown(this.say.notResolved(host, outcome.ok ? '' : outcome.message));
  }

  #machine(name: string): Located {
    if (!this.machines.some((machine) => machine.name === name)) throw new BrokenFact(this.say.machineDown(name));
    return { machine: name, label: name };
  }

  #pod(reference: PlaceRef): Located {
    const pod = this.object<Pod>(reference);
    const label = words(reference);
    if (!pod) throw this.noSuch(label);
    const { nodeName } = pod.spec;
    const podIp = pod.status?.podIP;
    if (nodeName === undefined || podIp === undefined)
      throw new Unmet(this.say.podNotRunning(label, podState(pod)), this.say.describePod(label));
    this.#machine(nodeName);
    return pod.spec.hostNetwork ? { machine: nodeName, label, pod } : { machine: nodeName, podIp, label, pod };
  }

  /** No API server: the student's doing when it doesn't run, ours when it runs and doesn't answer. */
  #whyNoObjects(cause: string): Error {
    const plane = this.cluster.nodes.find(({ role }) => role === 'control-plane')?.name ?? '';
    const [facts] = this.facts([this.#machine(plane)], 'processes');
    const runs = facts?.processes?.some((process) => isProgram('kube-apiserver', process));
    return runs
      ? new BrokenFact(this.say.apiServerSilent(cause))
      : new Unmet(this.say.apiServerStopped(plane), this.say.systemctl(plane, 'kube-apiserver'), true);
  }
}

const bare = ({ machine, podIp }: Spot): Spot => (podIp === undefined ? { machine } : { machine, podIp });

const resourceOf = (kind: string): Resource => {
  const resource = allResources.find(
    ({ singular, plural, shortNames }) => singular === kind || plural === kind || shortNames.includes(kind),
  );
  if (!resource) throw new BrokenFact(`the lab asks for objects of the unknown kind "${kind}"`);
  return resource;
};

const isReady = (object: KubeObject): boolean => {
  const conditions = (object as Pod).status?.conditions ?? [];
  return (
    object.metadata.deletionTimestamp === undefined &&
    conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
  );
};

const podState = (pod: Pod): string => {
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  const phase = pod.status?.phase ?? 'Pending';
  return waiting?.reason ? `${phase}, ${waiting.reason}` : phase;
};

/** The fabric searches as a pod in the namespace `default` does; elsewhere a bare name means a service of the pod's own namespace. */
const candidate = (from: Located, name: string): string => {
  const namespace = from.pod?.metadata.namespace ?? 'default';
  return namespace === 'default' || name.includes('.') ? name : `${name}.${namespace}.svc.cluster.local.`;
};
