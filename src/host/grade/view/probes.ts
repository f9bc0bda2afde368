// Sends real traffic from a place: HTTP requests, TCP connections and DNS lookups.
import type { ClusterSpec } from '../../../api/cluster.ts';
import { componentPorts, nodePaths } from '../../../api/paths.ts';
import type {
  HttpOutcome,
  LookupOutcome,
  ProbeFailure,
  RecordType,
  SearchList,
  SeriesOutcome,
  TcpOutcome,
} from '../../../api/probes.ts';
import { BrokenFact, type Endpoint, isMachine, type RepeatedRequest, spotOf, Unmet } from '../facts.ts';
import { splitHostPort } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { Arrivals, Candidate } from './arrivals.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';
import { isOutsider, type Place } from './places.ts';
import { parseResolvConf } from './resolv-conf.ts';

const defaultTimeoutMs = 2000;

interface Options {
  readonly arrivals: Arrivals;
  readonly cluster: ClusterSpec;
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly say: Phrases;
}

interface Unresolved {
  readonly ok: false;
  readonly failure: 'unresolved';
  readonly message: string;
}

type Resolved = { readonly ok: true; readonly address: string } | Unresolved;

type HttpRequest = Extract<RepeatedRequest, { kind: 'http' }>;
type TcpRequest = Omit<Extract<RepeatedRequest, { kind: 'tcp' }>, 'greets'>;

interface Repeated {
  /** How often, when so many endpoints are ready. */
  readonly times: (ready: number) => number;
}

/** The same request again and again. */
export interface Series {
  readonly outcome: SeriesOutcome;
  /** In the order of `arrived` in the outcome. */
  readonly endpoints: readonly Candidate[];
  readonly times: number;
}

/** A fault of the lab: its author chose the check. */
const userspaceProblem =
  "in the mode userspace, kube-proxy opens connections of its own, so a tcp check can't count them: use an http check";

interface Stages {
  readonly stages?: readonly (readonly Endpoint[])[];
}

interface HttpOptions extends Expected {
  readonly method?: string;
  readonly timeoutMs?: number;
}

interface TcpOptions extends Expected {
  readonly timeoutMs?: number;
  /** Whether the greeting of the server matters. */
  readonly greets: boolean;
}

/** Where the answer must come from. */
export interface Expected {
  /** `pod/NAME`, `endpoints/SERVICE`. Default: what has the address: a service's endpoints, a pod, a machine. */
  readonly lands?: readonly string[];
  /** Any answer counts, whoever gives it: for checks that nothing answers. */
  readonly anywhere?: boolean;
}

export class Probes {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  http(from: Place, url: string, options: HttpOptions = {}): HttpOutcome {
    const request = this.#httpRequest(from, url, options);
    if ('ok' in request) return request;
    const { host, port } = targetOf(request);
    return this.#options.facts.one<'http'>({ ...request, ...this.#stages(from, host, port, options) });
  }

  /** @param to `host:port` */
  tcp(from: Place, to: string, timeoutMs = defaultTimeoutMs, expected: Expected = {}): TcpOutcome {
    const request = this.#tcpRequest(from, to, timeoutMs);
    if ('ok' in request) return request;
    return this.#options.facts.one<'tcp'>({
      ...request,
      ...this.#stages(from, request.host, request.port, expected),
      ...this.#relayed(),
    });
  }

  /** An HTTP request again and again. @param times from the number of ready endpoints */
  httpSeries(from: Place, url: string, { times, ...options }: HttpOptions & Repeated): Series {
    return this.#series(from, this.#httpRequest(from, url, options), { ...options, times });
  }

  /** @param to `host:port` */
  tcpSeries(from: Place, to: string, { times, timeoutMs, greets, ...expected }: TcpOptions & Repeated): Series {
    if (this.#options.cluster.proxy.mode === 'userspace') throw new BrokenFact(userspaceProblem);
    const request = this.#tcpRequest(from, to, timeoutMs ?? defaultTimeoutMs);
    return this.#series(from, 'ok' in request ? request : { ...request, greets }, { ...expected, times });
  }

  #httpRequest(from: Place, url: string, { method, timeoutMs }: HttpOptions): HttpRequest | Unresolved {
    const target = new URL(url);
    const resolved = this.#resolve(from, target.hostname);
    if (!resolved.ok) return resolved;
    const host = target.host;
    if (resolved.address !== target.hostname) target.hostname = resolved.address;
    return {
      kind: 'http',
      spot: spotOf(from),
      url: target.href,
      method: method ?? 'GET',
      ...(target.host === host ? {} : { host }),
      timeoutMs: timeoutMs ?? defaultTimeoutMs,
      ...this.#relayed(),
    };
  }

  /** In this mode, kube-proxy answers a connection itself and opens another one to the endpoint. */
  #relayed(): { readonly relayed?: true } {
    return this.#options.cluster.proxy.mode === 'userspace' ? { relayed: true } : {};
  }

  #tcpRequest(from: Place, to: string, timeoutMs: number): TcpRequest | Unresolved {
    const { host, port } = splitHostPort(to);
    const resolved = this.#resolve(from, host);
    if (!resolved.ok) return resolved;
    return { kind: 'tcp', spot: spotOf(from), host: resolved.address, port, timeoutMs };
  }

  #series(from: Place, request: RepeatedRequest | Unresolved, { times, lands }: Expected & Repeated): Series {
    if ('ok' in request) return { outcome: { ...request, answered: 0 }, endpoints: [], times: times(0) };
    const { say, facts } = this.#options;
    const { host, port } = targetOf(request);
    const stages = this.#candidates(from, host, port, { ...(lands ? { lands } : {}) });
    const endpoints = stages?.at(-1);
    if (!stages || !endpoints || endpoints.some(({ leaves }) => leaves))
      throw new Unmet(say.unknownEndpoints(`${host}:${port}`));
    const count = times(endpoints.filter(({ isReady }) => isReady).length);
    const outcome = facts.one<'series'>({ kind: 'series', times: count, stages: withoutState(stages), request });
    return { outcome, endpoints, times: count };
  }

  /** Asks as the programs of a pod do, by the pod's resolv.conf. Other places ask the service of the cluster DNS. */
  lookup(from: Place, name: string, timeoutMs = defaultTimeoutMs, record: RecordType = 'A'): LookupOutcome {
    const { facts, say } = this.#options;
    const { nameservers, ...question } = this.#questionOf(from, name);
    let outcome: LookupOutcome | undefined;
    for (const nameserver of nameservers) {
      outcome = facts.one<'lookup'>({
        kind: 'lookup',
        spot: spotOf(from),
        ...question,
        ...(record === 'A' ? {} : { record }),
        nameserver,
        timeoutMs,
        ...this.#dnsStages(from, nameserver),
      });
      // A resolver asks the next server only if this one is silent.
      if (outcome.ok || !isSilence.has(outcome.failure)) return outcome;
    }
    return outcome ?? { ok: false, failure: 'unresolved', message: say.noNameserver(from.label) };
  }

  #questionOf(
    from: Place,
    name: string,
  ): { readonly name: string; readonly nameservers: readonly string[]; readonly search?: SearchList } {
    const { cluster, facts } = this.#options;
    const usual = { name: searchName(from, name), nameservers: [cluster.dnsAddress] };
    const uid = from.pod?.metadata.uid;
    if (uid === undefined || !/^[\w-]+$/.test(uid)) return usual;
    const path = `${nodePaths.pods}/${uid}/resolv.conf`;
    const file = facts.one<'file'>({ kind: 'file', machine: from.machine, path, tailBytes: 1 << 14 });
    return file.exists ? { name, ...parseResolvConf(file.content) } : usual;
  }

  /** The cluster DNS must answer, whatever address a pod has for it. */
  #dnsStages(from: Place, nameserver: string): Stages {
    const lands = nameserver === this.#options.cluster.dnsAddress ? {} : { lands: ['endpoints/kube-system/kube-dns'] };
    // A name server has the same endpoints for TCP.
    return this.#stages(from, nameserver, componentPorts.dns, lands);
  }

  #stages(from: Place, address: string, port: number, expected: Expected): Stages {
    const stages = this.#candidates(from, address, port, expected);
    return stages ? { stages: withoutState(stages) } : {};
  }

  #candidates(
    from: Place,
    address: string,
    port: number,
    { lands, anywhere }: Expected,
  ): readonly (readonly Candidate[])[] | undefined {
    if (anywhere) return [];
    const { arrivals, machines } = this.#options;
    const endpoints = lands ? arrivals.named(lands) : arrivals.of(address, port, from.machine);
    const departure = this.#departure(from, address, port);
    if (!endpoints) return departure && [[departure]];
    // A prober that sends packets for a node's port elsewhere itself would prove nothing about the node.
    const machine = machines.atAddress(address);
    const isOwn = machine === from.machine && isMachine(from);
    return [
      ...(departure ? [[departure]] : []),
      ...(machine && !isOwn ? [[{ spot: { machine }, address, port, isReady: true }]] : []),
      endpoints,
    ];
  }

  /**
   * A pod or a client that answers its own request, or sends it elsewhere, proves nothing about the cluster. On a node,
   * kube-proxy has rules of its own for what the node sends.
   */
  #departure(from: Place, address: string, port: number): Candidate | undefined {
    const { machines } = this.#options;
    const own = from.podIp ?? (isMachine(from) ? machines.addressOf(from.machine) : undefined);
    if (!isOutsider(from, machines) || address === own || address.startsWith('127.')) return undefined;
    return { spot: spotOf(from), address, port, leaves: true, isReady: true };
  }

  /** Nodes and clients know the names of machines only. Pods also ask the cluster's DNS. */
  #resolve(from: Place, host: string): Resolved {
    const { machines, say } = this.#options;
    if (/^[\d.]+$/.test(host)) return { ok: true, address: host };
    const machine = machines.addressOf(host);
    if (machine) return { ok: true, address: machine };
    if (!from.pod) return { ok: false, failure: 'unresolved', message: say.noResolver(from.label, host) };
    const outcome = this.lookup(from, host);
    const address = outcome.ok ? outcome.addresses[0] : undefined;
    if (address) return { ok: true, address };
    const cause = outcome.ok ? '' : say.fromEnglish(outcome.message);
    return { ok: false, failure: 'unresolved', message: say.notResolved(host, cause) };
  }
}

/** Nobody has answered, or nobody could. */
const isSilence: ReadonlySet<ProbeFailure> = new Set<ProbeFailure>(['timeout', 'refused', 'unreachable']);

const targetOf = (request: RepeatedRequest): { readonly host: string; readonly port: number } => {
  if (request.kind === 'tcp') return request;
  const { hostname, port, protocol } = new URL(request.url);
  return { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
};

/** What the fabric is asked does not change when only the state of an endpoint does. */
const withoutState = (stages: readonly (readonly Candidate[])[]): readonly (readonly Endpoint[])[] =>
  stages.map((stage) => stage.map(({ isReady: _, ...endpoint }) => endpoint));

/**
 * Without a resolv.conf, the fabric searches as a pod in `default`. For a pod in another namespace, this function
 * completes a bare name.
 */
const searchName = (from: Place, name: string): string => {
  const namespace = from.pod?.metadata.namespace ?? 'default';
  return namespace === 'default' || name.includes('.') ? name : `${name}.${namespace}.svc.cluster.local.`;
};
