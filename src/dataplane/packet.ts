// The input and the result of `trace`.
import type { ConntrackState, Rule } from './model.ts';

export type PacketProtocol = 'tcp' | 'udp' | 'sctp' | 'icmp';

/** The first packet of a connection, unless `state` says otherwise. */
export interface Packet {
  /** The source: `address` or `address:port` (`[v6]:port`). Default port: an ephemeral one. */
  readonly from: string;
  /** The destination: `address:port`, or `address` for ICMP. */
  readonly to: string;
  /** Default `tcp`. */
  readonly protocol?: PacketProtocol;
  /** Default `NEW`. */
  readonly state?: ConntrackState;
  /** The interface by which the packet arrives. When absent, rules with `-i` are `unsure`. */
  readonly inInterface?: string;
  /** Default 0. */
  readonly mark?: number;
}

/** What `trace` cannot read from the rules. */
export interface TraceOptions {
  /** The node's addresses, for `--dst-type LOCAL` and the routing decision. Loopback addresses are always local. */
  readonly localAddresses?: readonly string[];
  /**
   * `network`: a pod or another machine sends the packet, which enters at PREROUTING.
   * `local`: a process of the node sends the packet, which enters at OUTPUT.
   * Default: `local` when `from` is an address of the node, else `network`.
   */
  readonly origin?: 'network' | 'local';
  /** The outgoing interface of the route to `address`, for `-o`. Default: unknown. */
  readonly outInterface?: (address: string) => string | undefined;
  /** The addresses in a list of `-m recent`. When absent, or when it knows no such list, `-m recent` is `unsure`. */
  readonly recent?: (list: string) => readonly string[] | undefined;
  /** Whether the packet is in a set, for `-m set`. When absent, `-m set` is `unsure`. */
  readonly inSet?: (name: string, words: readonly string[], packet: Flow) => boolean;
}

/** A packet's addresses at one moment. */
export interface Flow {
  readonly from: string;
  readonly fromPort: number | undefined;
  readonly to: string;
  readonly toPort: number | undefined;
  readonly protocol: PacketProtocol;
  readonly mark: number;
}

/** One path that a packet can take. */
export interface PacketTrace {
  /** `accepted`: the packet passes the last hook. `unknown`: it meets a target that `trace` does not follow. */
  readonly fate: 'accepted' | 'dropped' | 'rejected' | 'unknown';
  /** Where the packet goes, or where a dropped packet was going: `local` is this node, `forward` any other place. */
  readonly route: 'local' | 'forward';
  /** The final destination, `address:port`. */
  readonly lands: string;
  /** The final source address. The word `masquerade` when `masq` is true. */
  readonly source: string;
  /** Whether the source becomes an address of the node. */
  readonly masq: boolean;
  readonly mark: number;
  /** From 0 to 1. Less than 1 only with `-m statistic`. At most this, if the path is `unsure`. */
  readonly probability: number;
  /** When `rejected`: the word after `--reject-with`. */
  readonly rejectWith?: string;
  /** The rules that matched, in order. */
  readonly path: readonly Step[];
  /**
   * Matches and targets that `trace` cannot judge (`-m limit`, an unknown module, NFQUEUE). The packet may take this
   * path, or another one. Rules that change nothing are left out.
   */
  readonly unsure: readonly string[];
}

export interface Step {
  /** Table and hook, e.g. `nat PREROUTING`. */
  readonly hook: string;
  readonly rule: Rule;
  /** In words: `jump to KUBE-SVC-…`, `DNAT to 10.244.1.2:3306`. */
  readonly effect: string;
}
