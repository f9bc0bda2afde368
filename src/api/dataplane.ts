// All that decides where a packet goes, as the tools print it, and the kernel's own trace of a packet.
import type { ListenerFact, Place } from './facts.ts';

export interface DataplaneParams {
  readonly machines: readonly { readonly machine: string; readonly pid: number }[];
}

/** What the fabric's tools print in one network namespace, unchanged: as `NodeTexts` in src/dataplane/node/texts.ts. */
export interface NamespaceTexts {
  /** `fabric` for the fabric's own namespace. */
  readonly machine: string;
  /** `net:[4026532450]`; absent for the fabric's own. */
  readonly id?: string;
  /** The namespace of the machine's init. The others are those of its pods, and any that the student made. */
  readonly isOwn: boolean;
  /** Its names in `ip netns` on the machine. Absent: none. */
  readonly names?: readonly string[];
  readonly addresses: string;
  readonly routes: string;
  readonly routes6: string;
  readonly rules: string;
  readonly rules6: string;
  readonly neighbours: string;
  readonly fdb: string;
  readonly sysctls: string;
  readonly iptables: string;
  readonly ip6tables: string;
  readonly iptablesLegacy: string;
  readonly ip6tablesLegacy: string;
  /** The names of the tables of arptables-legacy. */
  readonly arpTables: string;
  readonly nft: string;
  readonly ipset: string;
  readonly ipvs: string;
  readonly xfrm: string;
  readonly queues: string;
  /** Programs of BPF that none of the tools list: lines `tcx/ingress LINK`, `netkit/peer LINK` and `netfilter`. */
  readonly bpf?: string;
  /** The lists of `-m recent`, by name. */
  readonly recent: Readonly<Record<string, string>>;
  readonly listeners: readonly ListenerFact[];
}

/** A node as the plan made it: the machine itself plays no part. */
export interface TwinParams {
  readonly machine: string;
  /** The addresses with their prefixes, by the name of the link. */
  readonly links: Readonly<Record<string, readonly string[]>>;
  /** By path below /proc/sys/net. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** kube-proxy's config file. */
  readonly config: string;
  /** kube-proxy's flags, without the API server and the config file. */
  readonly flags: readonly string[];
}

export interface KernelTraceParams extends DataplaneParams {
  /** Where the connection starts. */
  readonly place: Place;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Tells the packet from those of others. */
  readonly sourcePort: number;
  /** Other destination ports that the packet may have after NAT. */
  readonly ports: readonly number[];
  /** For the connection. */
  readonly timeoutMs: number;
}

export interface KernelTraceOutcome {
  readonly outcome: 'connected' | 'sent' | 'refused' | 'unreachable' | 'timeout';
  /** Of the machines. The fabric itself has no rules. */
  readonly namespaces: readonly { readonly id: string; readonly events: readonly TraceEvent[] }[];
}

/** A line of `nft monitor trace`. Lines of the rule that switches the trace on have a packet only. */
export interface TraceEvent {
  /** Of the packet. */
  readonly id: string;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** The packet as it comes into a base chain. */
  readonly packet?: {
    readonly source: string;
    readonly sourcePort?: number;
    readonly destination: string;
    readonly destinationPort?: number;
  };
  /** Of a rule that matched, or of the chain's policy: `jump KUBE-SERVICES`, `accept`, `continue`. */
  readonly verdict?: string;
  readonly policy?: true;
}
