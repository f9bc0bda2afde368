// Facts about a machine or a pod, from the kernel, and files of a machine.
import type { Component } from './paths.ts';
import type { Ipv4 } from './scalars.ts';

/** A network namespace: the machine's own, that of the pod with this address, or one that has a name there. */
export interface Place {
  readonly machine: string;
  readonly pid: number;
  readonly podIp?: Ipv4;
  /** The name that `ip netns add` has given it on the machine. */
  readonly netns?: string;
}

export type FactName =
  | 'iptables'
  | 'ip6tables'
  | 'rulesForged'
  | 'links'
  | 'routes'
  | 'listeners'
  | 'processes'
  | 'namespaces'
  | 'sysctls'
  | 'nft'
  | 'conntrack'
  | 'ipvs';

export interface FactsParams {
  readonly place: Place;
  readonly want: readonly FactName[];
}

/** Facts about one place, from the kernel. A fact that was not asked for is absent. */
export interface Facts {
  /** The output of `iptables-save` for all tables, by the fabric's own tool. */
  readonly iptables?: string;
  readonly ip6tables?: string;
  /** `iptables` shows other rules than the kernel has: a name with a line break makes lines that look like rules. */
  readonly rulesForged?: boolean;
  /** `ip -details -json address` */
  readonly links?: readonly LinkFact[];
  /** `ip -json route show table main` */
  readonly routes?: readonly RouteFact[];
  readonly listeners?: readonly ListenerFact[];
  /** All processes of a machine, in every network namespace; of a pod, those in its own. */
  readonly processes?: readonly ProcessFact[];
  /** The network namespaces of the machine's processes, and the namespaces mounted under its /run/netns. */
  readonly namespaces?: readonly NamespaceFact[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** `nft -j list ruleset` */
  readonly nft?: string;
  /** `conntrack -L -o extended` of both address families. */
  readonly conntrack?: string;
  readonly ipvs?: {
    /** Whether the kernel has IPVS. */
    readonly isSupported: boolean;
    /** `ipvsadm -Sn` */
    readonly saved: string;
  };
}

export interface LinkFact {
  readonly ifindex: number;
  readonly name: string;
  /** `bridge`, `veth`, `vxlan`, … as `ip -d` names it; `''` for a physical device or loopback. */
  readonly kind: string;
  readonly up: boolean;
  readonly mac: string;
  readonly mtu: number;
  /** The bridge that this link is plugged into. */
  readonly master?: string;
  /** The ifindex of the other end, for a veth whose other end is in another namespace. */
  readonly peerIndex?: number;
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly family: 'inet' | 'inet6';
  }[];
}

export interface RouteFact {
  readonly destination: string;
  readonly gateway?: string;
  readonly device?: string;
  readonly protocol?: string;
  readonly source?: string;
  /** `unicast`, `blackhole`, … */
  readonly type: string;
}

export interface ListenerFact {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

export interface ProcessFact {
  /** As seen inside the machine. */
  readonly pid: number;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly networkNamespace: string;
  /** The systemd unit of the process, e.g. `kube-proxy.service`, if it has one. */
  readonly unit?: string;
  /** `stopped` by a signal such as SIGSTOP, or by a debugger. A process that has ended is not in the list. */
  readonly state: 'running' | 'stopped';
  /** Whether a process in the unit of a component is that component. Absent for other processes. */
  readonly genuine?: boolean;
}

export interface NamespaceFact {
  /** e.g. `net:[4026532450]` */
  readonly id: string;
  readonly links: readonly LinkFact[];
}

export interface ReadFileParams {
  readonly machine: string;
  readonly pid: number;
  /** Absolute, inside the machine. Symbolic links are followed inside the machine only. */
  readonly path: string;
  /** At most this many bytes, from the end. */
  readonly tailBytes: number;
}

export interface JournalParams {
  readonly machine: string;
  readonly pid: number;
  /** A component, whose unit has its name. */
  readonly unit: Component;
}

export type FileOutcome =
  | { readonly exists: true; readonly content: string; readonly size: number; readonly truncated: boolean }
  | { readonly exists: false };
