// Real traffic that the fabric sends, and what came of it.
import type { Place } from './facts.ts';
import type { Ipv4 } from './scalars.ts';

/** Where a probe must arrive: the network namespace of an endpoint. */
export interface Arrival {
  readonly place: Place;
  readonly address: Ipv4;
  /** Default: any port. */
  readonly port?: number;
  /** The place sends the probe: it must leave for the address, which a rule of the place could have changed. */
  readonly leaves?: true;
}

/** Places of which one must see the probe: the node of a NodePort, or the endpoints of a service. */
export type Stage = readonly Arrival[];

export interface HttpProbe {
  readonly place: Place;
  readonly url: string;
  readonly timeoutMs: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The DNS server that resolves names. Without it, a name in the URL is `unresolved`. */
  readonly nameserver?: Ipv4;
  /** The request must be seen at each stage. Undefined: every answer counts but one of the place itself. */
  readonly stages?: readonly Stage[];
  /** A proxy (kube-proxy in userspace mode) opens its own connection to the endpoint. */
  readonly relayed?: boolean;
}

/**
 * Why a probe got no answer, in the order of the phases of a connection. `elsewhere`: an answer came, but the probe did
 * not arrive where it should.
 */
export type ProbeFailure = 'unresolved' | 'unreachable' | 'refused' | 'timeout' | 'reset' | 'protocol' | 'elsewhere';

export type HttpOutcome =
  | {
      readonly ok: true;
      readonly status: number;
      readonly body: string;
      readonly remote: string;
      readonly local: string;
      readonly milliseconds: number;
    }
  | { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };

export interface TcpProbe {
  readonly place: Place;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly nameserver?: Ipv4;
  /** The connection must be seen at each stage. */
  readonly stages?: readonly Stage[];
  /** As of an HTTP probe. */
  readonly relayed?: boolean;
}
export type TcpOutcome =
  | { readonly ok: true; readonly remote: string; readonly milliseconds: number; readonly banner: string }
  | { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };

/** The source ports of probes: below those that the kernel gives to other programs. */
export const probePorts = { first: 10_000, last: 32_720 } as const;

/** The same request again and again: each on a connection of its own, one after the other, until one fails. */
export interface SeriesProbe {
  /** At most `mostRequests`. */
  readonly times: number;
  readonly stages: readonly Stage[];
  readonly probe:
    | ({ readonly kind: 'http' } & Omit<HttpProbe, 'stages'>)
    /** `greets`: the server speaks first, so each connection waits a moment for its greeting. */
    | ({ readonly kind: 'tcp'; readonly greets: boolean } & Omit<TcpProbe, 'stages' | 'relayed'>);
}

export const mostRequests = 500;

export type SeriesOutcome =
  | {
      readonly ok: true;
      readonly answers: readonly SeriesAnswer[];
      /** For each place of the last stage: the number of requests that were seen there, and at each stage before. */
      readonly arrived: readonly number[];
    }
  | {
      readonly ok: false;
      readonly failure: ProbeFailure;
      readonly message: string;
      /** How many requests were answered before. */
      readonly answered: number;
      /** Every request was answered, but all together would take too long. */
      readonly isLate?: true;
    };

/** Equal answers, and how many they were. */
export interface SeriesAnswer {
  /** Of HTTP. */
  readonly status?: number;
  /** The beginning of the body, or of the greeting. */
  readonly text: string;
  readonly times: number;
}

/** `SRV`: the values are `target:port`. `CNAME`: the value is a name. Names in values have no final dot. */
export type RecordType = 'A' | 'CNAME' | 'SRV';

export interface LookupProbe {
  readonly place: Place;
  readonly name: string;
  /** Default: A. */
  readonly record?: RecordType;
  /** From the place's resolv.conf. Default: what the kubelet writes for a pod in the namespace `default`. */
  readonly search?: SearchList;
  readonly nameserver: Ipv4;
  readonly timeoutMs: number;
  /** Each query must be seen at each stage. Undefined: every answer counts. */
  readonly stages?: readonly Stage[];
}

/** Where a resolver looks for names that are not complete. */
export interface SearchList {
  readonly domains: readonly string[];
  /** A name with at least so many dots is tried as it is before it is completed. */
  readonly ndots: number;
}

export type LookupOutcome =
  | {
      readonly ok: true;
      readonly addresses: readonly string[];
      /** How many names the resolver has to ask for until it has them. */
      readonly tries?: number;
    }
  | { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };
