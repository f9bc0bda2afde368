// The input of the model of a node: what the tools print in one network namespace, unchanged.

/**
 * The texts of one network namespace. A text that is absent was not read: what depends on it ends as `unknown`, or is
 * named in the field's comment. An empty text means that the tool printed nothing.
 */
export interface NodeTexts {
  /** `ip -details -json address`. The links with their addresses. */
  readonly addresses: string;
  /** `ip -json route show table all`, or with `-details`. */
  readonly routes: string;
  /** `ip -6 -json route show table all`. Without it, the IPv6 routes in `routes` count. */
  readonly routes6?: string;
  /** `ip -json rule`. Default: the kernel's three rules. */
  readonly rules?: string;
  /** `ip -6 -json rule`. Default: the kernel's two rules. */
  readonly rules6?: string;
  /** `ip -json neigh`. */
  readonly neighbours?: string;
  /** `bridge -json fdb`. Needed where a bridge or a VXLAN carries the packet. */
  readonly fdb?: string;
  /** `sysctl -a`, or the part of it that matters: lines `name = value`. Default: the kernel's defaults. */
  readonly sysctls?: string;
  /** `iptables-nft-save`. Absent: no such rules, unless `nft` shows some. */
  readonly iptables?: string;
  /** `iptables-legacy-save`. Absent: no such rules. */
  readonly iptablesLegacy?: string;
  readonly ip6tables?: string;
  readonly ip6tablesLegacy?: string;
  /** `nft -j list ruleset`. Absent: no native rules. The tables of iptables-nft in it are left out. */
  readonly nft?: string;
  /** The tables of arptables-legacy: /proc/net/arp_tables_names. Absent: none. Nothing more is read of them. */
  readonly arpTables?: string;
  /** `ipset save`. */
  readonly ipset?: string;
  /** `ipvsadm -Sn`. */
  readonly ipvs?: string;
  /** `ip -o xfrm policy`, then `ip xfrm policy getdefault`. Absent: no policies. */
  readonly xfrm?: string;
  /** `tc -json qdisc show`. Absent: the kernel's default queues. */
  readonly queues?: string;
  /** Programs of BPF that no tool lists: `tcx/ingress LINK`, `netkit/peer LINK`, `netfilter`. Absent: none. */
  readonly bpf?: string;
  /** `conntrack -L` of both families, one after the other. Default: no connection is known. */
  readonly conntrack?: string;
  /** The lists of `-m recent`, by name: /proc/net/xt_recent/NAME. When given, a list that is not in it is empty. */
  readonly recent?: Readonly<Record<string, string>>;
  /** Sockets that listen. Default: any delivered packet is said to be delivered, whoever listens. */
  readonly listeners?: readonly Listener[];
}

export interface Listener {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** `0.0.0.0` and `::` stand for all addresses. `::` also takes IPv4. */
  readonly address: string;
  readonly port: number;
}
