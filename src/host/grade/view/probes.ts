// Sends real traffic from a place: HTTP requests, TCP connections and DNS lookups.
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { HttpOutcome, LookupOutcome, TcpOutcome } from '../../../api/fabric.ts';
import { type Endpoint, spotOf } from '../facts.ts';
import { splitHostPort } from '../reference.ts';
import type { Phrases } from '../say/en.ts';
import type { Arrivals } from './arrivals.ts';
import type { FactReader } from './fact-reader.ts';
import type { Machines } from './machines.ts';
import type { Place } from './places.ts';

const defaultTimeoutMs = 2000;

interface Options {
  readonly arrivals: Arrivals;
  readonly cluster: ClusterSpec;
  readonly facts: FactReader;
  readonly machines: Machines;
  readonly say: Phrases;
}

type Resolved =
  | { readonly ok: true; readonly address: string }
  | { readonly ok: false; readonly failure: 'unresolved'; readonly message: string };

interface Stages {
  readonly stages?: readonly (readonly Endpoint[])[];
}

interface HttpOptions extends Expected {
  readonly method?: string;
  readonly timeoutMs?: number;
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
    const target = new URL(url);
    const resolved = this.#resolve(from, target.hostname);
    if (!resolved.ok) return resolved;
    const host = target.host;
    if (resolved.address !== target.hostname) target.hostname = resolved.address;
    return this.#options.facts.one<'http'>({
      kind: 'http',
      spot: spotOf(from),
      url: target.href,
      method: options.method ?? 'GET',
      ...(target.host === host ? {} : { host }),
      timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
      ...this.#stages(from, target.hostname, Number(target.port || (target.protocol === 'https:' ? 443 : 80)), options),
    });
  }

  /** @param to `host:port` */
  tcp(from: Place, to: string, timeoutMs = defaultTimeoutMs, expected: Expected = {}): TcpOutcome {
    const { host, port } = splitHostPort(to);
    const resolved = this.#resolve(from, host);
    if (!resolved.ok) return resolved;
    return this.#options.facts.one<'tcp'>({
      kind: 'tcp',
      spot: spotOf(from),
      host: resolved.address,
      port,
      timeoutMs,
      ...this.#stages(from, resolved.address, port, expected),
      ...(this.#options.cluster.proxy.mode === 'userspace' ? { relayed: true } : {}),
    });
  }

  /** Asks the cluster's name server as a pod's resolver does, along its search list. */
  lookup(from: Place, name: string, timeoutMs = defaultTimeoutMs): LookupOutcome {
    const { cluster, facts } = this.#options;
    return facts.one<'lookup'>({
      kind: 'lookup',
      spot: spotOf(from),
      name: searchName(from, name),
      nameserver: cluster.dnsAddress,
      timeoutMs,
    });
  }

  #stages(from: Place, address: string, port: number, { lands, anywhere }: Expected): Stages {
    if (anywhere) return { stages: [] };
    const { arrivals, machines } = this.#options;
    const endpoints = lands ? arrivals.named(lands) : arrivals.of(address, port);
    if (!endpoints) return {};
    // A prober that sends packets for a node's port elsewhere itself would prove nothing about the node.
    const machine = machines.atAddress(address);
    const isOwn = machine === from.machine && from.podIp === undefined;
    return { stages: [...(machine && !isOwn ? [[{ spot: { machine }, address, port }]] : []), endpoints] };
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

/** The fabric searches as a pod in `default`. For a pod in another namespace, this function completes a bare name. */
const searchName = (from: Place, name: string): string => {
  const namespace = from.pod?.metadata.namespace ?? 'default';
  return namespace === 'default' || name.includes('.') ? name : `${name}.${namespace}.svc.cluster.local.`;
};
