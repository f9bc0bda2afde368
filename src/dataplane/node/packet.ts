// What goes into the model of a node (SentPacket, Entry) and what comes out of it (Branch).
import type { Flow, Tuple } from './conntrack.ts';

export type Family = 'ip' | 'ip6';

/** A packet as its sender writes it. */
export interface SentPacket {
  /** Absent: the kernel chooses the source address, for a packet of a local process. */
  readonly source?: string;
  readonly destination: string;
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`, or a number. Default `tcp`. */
  readonly protocol?: string;
  /** Default: an ephemeral port. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** Default: `syn` alone. */
  readonly tcpFlags?: readonly string[];
  /** Default: an echo request. */
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** The mark of the sending socket. Default 0. */
  readonly mark?: number;
  /** Length of the IP packet. Absent: rules that compare it are not judged. */
  readonly length?: number;
  /** Default 64. */
  readonly ttl?: number;
  /** Default 0. */
  readonly tos?: number;
  /** Connections that conntrack knows besides those in the texts, such as the one that this packet answers. */
  readonly flows?: readonly Flow[];
  /** What rules have remembered of earlier packets, as `Branch.remembered`. */
  readonly remembered?: readonly string[];
  /** Default: what the flow tables say, else NEW. */
  readonly state?: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID';
}

/** How the packet comes into the namespace. */
export type Entry =
  /** A process sends it. */
  | { readonly kind: 'process'; readonly user?: number }
  /**
   * It arrives at a network interface. `bridgePort` is the port of the bridge `link` by which the frame came, if `link`
   * is a bridge and bridge-nf-call-iptables shows ports to rules.
   */
  | {
      readonly kind: 'link';
      readonly link: string;
      readonly bridgePort?: string;
      /** The port of the bridge behind which a next hop is: for frames whose destination DNAT changes. */
      readonly portOf?: PortOf;
    }
  /** A bridge carries it from one port to another. `portOf` is asked if DNAT changes the destination. */
  | {
      readonly kind: 'bridged';
      readonly bridge: string;
      readonly fromPort: string;
      readonly toPort: string;
      readonly portOf?: PortOf;
    };

type PortOf = (bridge: string, nextHop: string) => string | undefined;

/** The backend that holds a rule. */
export type Backend = 'iptables-nft' | 'iptables-legacy' | 'nft';

/** One thing that happened to the packet on its way through the namespace. */
export type NodeStep =
  /** A rule matched. */
  | {
      readonly kind: 'rule';
      /** `prerouting`, `input`, `forward`, `output`, `postrouting`. */
      readonly hook: HookName;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      /** The rule's number in its chain, from 1. */
      readonly position: number;
      /** The handle of a native nft rule. */
      readonly handle?: number;
      /** As `iptables-save` or `nft list` writes it. */
      readonly text: string;
      readonly comment?: string;
      /** In words: `jump to KUBE-SVC-…`, `DNAT to 10.244.1.2:3306`. */
      readonly effect: string;
    }
  /** The end of a base chain with the policy DROP. */
  | {
      readonly kind: 'policy';
      readonly hook: HookName;
      readonly backend: Backend;
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      readonly effect: 'drop';
    }
  /** A routing decision. `text` is the route as `ip route` shows it, `rule` the policy rule that led to its table. */
  | {
      readonly kind: 'route';
      readonly text: string;
      readonly table: string;
      readonly rule: string;
      readonly effect: string;
    }
  /** Conntrack found the packet's connection, or made an entry for it. */
  | { readonly kind: 'conntrack'; readonly effect: string }
  /** NAT changed the packet by an entry of conntrack: no rule is asked. */
  | { readonly kind: 'nat'; readonly effect: string }
  /** A virtual service of IPVS took the packet. */
  | { readonly kind: 'ipvs'; readonly text: string; readonly effect: string }
  /** A kernel parameter decided. */
  | { readonly kind: 'sysctl'; readonly name: string; readonly value: string; readonly effect: string }
  /** The bridge's, VXLAN's or the kernel's own doing. */
  | { readonly kind: 'kernel'; readonly effect: string };

export type RuleStep = Extract<NodeStep, { kind: 'rule' }>;

export type HookName = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** The headers of the packet when it ends or leaves. */
export interface Headers {
  readonly family: Family;
  readonly source: string;
  readonly sourcePort: number | undefined;
  readonly destination: string;
  readonly destinationPort: number | undefined;
  readonly protocol: string;
  readonly mark: number;
  readonly ttl: number;
}

/** Where the packet ends in this namespace. */
export type NodeEnd =
  /** It leaves by a link. `nextHop` is the address that the link layer must find: the gateway, or the destination. */
  | {
      readonly kind: 'leaves';
      readonly link: string;
      readonly nextHop: string;
      /** `link` is a bridge that forwards the frame by itself, and this is the port by which the frame came. */
      readonly fromPort?: string;
    }
  /** Given to the namespace's own stack. `listening` is undefined if its sockets are not known. */
  | { readonly kind: 'delivered'; readonly listening: boolean | undefined }
  /** Thrown away without an answer. `by` says by what, for people; `step` is the decisive one. */
  | { readonly kind: 'dropped'; readonly by: string; readonly step: NodeStep | undefined }
  /** Thrown away with an answer to the sender. `with` is `icmp-port-unreachable`, `tcp-reset`, … */
  | { readonly kind: 'rejected'; readonly with: string; readonly by: string; readonly step: NodeStep | undefined }
  /** No route leads to the destination. The sender gets an ICMP error or an error of its system call. */
  | { readonly kind: 'unroutable'; readonly by: string }
  /** The model does not know, and says why. No check may take this for an end that it hopes for. */
  | { readonly kind: 'unknown'; readonly reasons: readonly string[]; readonly perhaps: NodeEnd | undefined };

/** What rules ask about the moment, such as whether more packets came than a limit allows. Either can be. */
export interface Condition {
  /** Names the question: the rule, and how often the packet met it before. */
  readonly key: string;
  /** The rule's own words: `rule 1 of chain INPUT in table filter (iptables-nft): -m limit --limit 5/min`. */
  readonly text: string;
  readonly holds: boolean;
}

/** One way that the packet can go. */
export interface Branch {
  readonly end: NodeEnd;
  /** The packet as it ends: the addresses that the receiver sees. */
  readonly headers: Headers;
  /**
   * From 0 to 1. The probabilities of all branches whose end is not `unknown` sum to at most 1, if their conditions
   * agree with each other. Of an `unknown` branch it is the highest possible.
   */
  readonly probability: number;
  /** The packet goes this way only while all of them are so. Empty: always. See `cases` in conditions.ts. */
  readonly conditions: readonly Condition[];
  readonly steps: readonly NodeStep[];
  /** The connection's original and reply tuple, if conntrack follows it. */
  readonly connection: { readonly original: Tuple; readonly reply: Tuple } | undefined;
  /** What rules remember of this packet and earlier ones: clients in lists of `-m recent`, elements of sets. */
  readonly remembered?: readonly string[];
  /** Whether NAT may have changed the source port to any free one (`--random`, or a collision). */
  readonly randomPort: boolean;
}
