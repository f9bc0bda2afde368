// What goes into `trace` and what comes out of it.
import type { ConntrackState, Rule } from './model.ts';

export type PacketProtocol = 'tcp' | 'udp' | 'sctp' | 'icmp';

/** The first packet of a connection, unless `state` says otherwise. */
export interface Packet {
  /** Source `address` or `address:port` (`[v6]:port`). Without a port, an ephemeral one. */
  readonly from: string;
  /** Destination `address:port`, or `address` for ICMP. */
  readonly to: string;
  /** Default `tcp`. */
  readonly protocol?: PacketProtocol;
  /** Default `NEW`. */
  readonly state?: ConntrackState;
  /** The interface that it comes in by. Absent: unknown, and only rules without `-i` can match for certain. */
  readonly inInterface?: string;
  /** Default 0. */
  readonly mark?: number;
}

/** What the rules alone can't tell. */
export interface TraceOptions {
  /** The node's own addresses, for `--dst-type LOCAL` and the routing decision. 127.0.0.0/8 and ::1 always are. */
  readonly localAddresses?: readonly string[];
  /** `network`: enters by PREROUTING (a pod, another machine). `local`: a process of the node sends it, OUTPUT. Default: `local` when `from` is one of the node's addresses. */
  readonly origin?: 'network' | 'local';
  /** Where the route to `address` leaves; for `-o`. */
  readonly outInterface?: (address: string) => string | undefined;
  /** Members of the lists of `-m recent`: addresses by list name. Default: all empty. */
  readonly recent?: Readonly<Record<string, readonly string[]>>;
  /** Judges `-m set`. Default: no set has the member. */
  readonly inSet?: (name: string, words: readonly string[], packet: Flow) => boolean;
}

/** A packet's addresses at one moment on its way. */
export interface Flow {
  readonly from: string;
  readonly fromPort: number | undefined;
  readonly to: string;
  readonly toPort: number | undefined;
  readonly protocol: PacketProtocol;
  readonly mark: number;
}

/** One way that a packet can go. `trace` returns all; their probabilities sum to 1. */
export interface PacketTrace {
  /** `accepted`: leaves the last hook. */
  readonly fate: 'accepted' | 'dropped' | 'rejected';
  /** `local`: to a process of this node. `forward`: out by an interface. Of a packet that is dropped: where it was going. */
  readonly way: 'local' | 'forward';
  /** Final destination `address:port`. */
  readonly lands: string;
  /** Final source address; the node's when `masq` (then written as `masquerade`). */
  readonly source: string;
  /** Whether its source is rewritten to an address of the node. */
  readonly masq: boolean;
  readonly mark: number;
  /** 0–1, from `-m statistic`. */
  readonly probability: number;
  /** With `rejected`: the word after `--reject-with`. */
  readonly rejectWith?: string;
  /** The rules that matched, in order. */
  readonly path: readonly Step[];
  /** Matches that couldn't be judged (`-m limit`, an unknown module) and were taken as not matching. */
  readonly unsure: readonly string[];
}

export interface Step {
  /** `nat PREROUTING` for example. */
  readonly hook: string;
  readonly rule: Rule;
  /** In words: `jump to KUBE-SVC-…`, `DNAT to 10.244.1.2:3306`. */
  readonly effect: string;
}
