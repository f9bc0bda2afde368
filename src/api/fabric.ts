// The protocol between host and fabric agent: JSON lines over the standard streams of one exec in the fabric container.
import { type Ipv4, ipv4ToNumber } from './scalars.ts';

/** `{"id":1,"method":"wire","params":{…}}` */
export interface FabricRequest<M extends FabricMethod = FabricMethod> {
  readonly id: number;
  readonly method: M;
  readonly params: FabricMethods[M]['params'];
}

/** `{"id":1,"result":…}` or `{"id":1,"error":{…}}`; answers may arrive in any order. */
export type FabricResponse =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };

export type FabricMethod = keyof FabricMethods;

/** The `labs start` that holds the claim. */
export interface ClaimOwner {
  readonly pid: number;
  /** The host of the process. */
  readonly host: string;
  /** When the kernel started the process: another process with the same pid has another mark. */
  readonly mark: string;
  /** ISO 8601. */
  readonly since: string;
}

/** The parameters and the result of each method. */
export interface FabricMethods {
  /** Answers at once, to show that the agent runs. */
  readonly hello: { readonly params: Record<string, never>; readonly result: { readonly version: string } };
  /**
   * Claims the cluster for this agent. No other agent gets the claim until this agent ends or releases it.
   * `completed` says whether a start of this cluster has ever finished. `takeOver` ends the agent that holds the claim:
   * only if the process that started this agent is dead.
   */
  readonly claim: {
    readonly params: { readonly owner?: ClaimOwner; readonly takeOver?: boolean };
    /** `owner`: who holds the claim, if this agent does not get it. */
    readonly result: { readonly claimed: boolean; readonly completed: boolean; readonly owner?: ClaimOwner };
  };
  /** Releases the claim before the agent ends. */
  readonly release: { readonly params: Record<string, never>; readonly result: Record<string, never> };
  /** Records that the start of the claimed cluster has finished. */
  readonly complete: { readonly params: Record<string, never>; readonly result: Record<string, never> };
  /** Creates the bridge and the links. Keeps what is already right, so it can be repeated. */
  readonly wire: { readonly params: WireParams; readonly result: { readonly wired: readonly string[] } };
  /** As `wire`, for machines that were restarted since they got their link. Other links stay as they are. */
  readonly rewire: { readonly params: WireParams; readonly result: { readonly wired: readonly string[] } };
  readonly facts: { readonly params: FactsParams; readonly result: Facts };
  /** All that decides where a packet goes, in the fabric and in every network namespace of these machines. */
  readonly dataplane: { readonly params: DataplaneParams; readonly result: readonly NamespaceTexts[] };
  /** What kube-proxy writes for the cluster's objects on a node that nobody has touched. */
  readonly twin: { readonly params: TwinParams; readonly result: NamespaceTexts };
  /** Sends a real connection, and says which nftables rules its first packet met in each namespace. */
  readonly kernelTrace: { readonly params: KernelTraceParams; readonly result: KernelTraceOutcome };
  readonly http: { readonly params: HttpProbe; readonly result: HttpOutcome };
  readonly tcp: { readonly params: TcpProbe; readonly result: TcpOutcome };
  readonly series: { readonly params: SeriesProbe; readonly result: SeriesOutcome };
  readonly lookup: { readonly params: LookupProbe; readonly result: LookupOutcome };
  /** A kernel parameter by its name, e.g. `net.ipv4.ip_forward`. No value: the kernel has no such parameter there. */
  readonly sysctl: {
    readonly params: { readonly place: Place; readonly name: string };
    readonly result: { readonly value?: string };
  };
  /** Waits until something changes. */
  readonly changes: { readonly params: ChangesParams; readonly result: Changes };
  readonly readFile: { readonly params: ReadFileParams; readonly result: FileOutcome };
  /** `iptables-restore` in a machine, by the fabric's own tool. For faults: never while grading. */
  readonly restoreRules: {
    readonly params: { readonly place: Place; readonly input: string; readonly flush: boolean };
    readonly result: Record<string, never>;
  };
  /** Asks the systemd of a machine, with the fabric's own tool. For faults: never while grading. */
  readonly systemctl: {
    readonly params: { readonly place: Place; readonly verb: UnitVerb; readonly units: readonly string[] };
    readonly result: Record<string, never>;
  };
  /**
   * Records how to undo a change of the cluster, and keeps others from changing it until `endChange` or until this
   * agent ends. `left`: what a killed grader has not undone; then this agent must undo it and call `endChange`.
   */
  readonly beginChange: {
    readonly params: { readonly undo: string };
    readonly result: { readonly begun: boolean; readonly left?: string };
  };
  readonly endChange: { readonly params: Record<string, never>; readonly result: Record<string, never> };
  /** What a killed grader has left, as `left` of `beginChange`. */
  readonly leftChange: { readonly params: Record<string, never>; readonly result: { readonly left?: string } };
  /** GET on the cluster's API server with the grader's own credentials, e.g. `/api/v1/nodes`. */
  readonly kube: {
    readonly params: { readonly path: string };
    readonly result: { readonly status: number; readonly body: unknown };
  };
  /** GET `http://address:port/path` from the fabric, for health endpoints of components. */
  readonly health: {
    readonly params: { readonly address: Ipv4; readonly port: number; readonly path: string };
    readonly result: { readonly status: number; readonly body: string };
  };
}

export type UnitVerb = 'start' | 'stop' | 'restart' | 'enable' | 'disable' | 'reset-failed' | 'daemon-reload';

export interface ChangesParams {
  /** The version of the last answer. 0: no answer yet; then the call waits only until all is watched. */
  readonly since: number;
  /** Waits for a change at most this long. */
  readonly waitMs: number;
  readonly machines: readonly { readonly machine: string; readonly pid: number }[];
  /** Paths of lists of the API server, e.g. `/api/v1/services`. */
  readonly objects: readonly string[];
  readonly files: readonly { readonly machine: string; readonly pid: number; readonly path: string }[];
}

export interface Changes {
  readonly version: number;
  /** All that changed after `since`, each once. */
  readonly changed: readonly Change[];
}

export type Change =
  /** In any network namespace of the machine. */
  | { readonly kind: 'kernel'; readonly machine: string; readonly what: KernelPart }
  /** `first`: is only now watched, so it may have changed since it was read. */
  | { readonly kind: 'objects'; readonly path: string; readonly first?: true }
  | { readonly kind: 'file'; readonly machine: string; readonly path: string; readonly first?: true }
  /** The machine has stopped, or was restarted. */
  | { readonly kind: 'gone'; readonly machine: string }
  /** Time to try again what did not succeed: not everything that can mend it is announced. */
  | { readonly kind: 'retry' }
  /** Something may have gone unnoticed. */
  | { readonly kind: 'all' };

/** `processes`: one has begun or ended; `stopped`: a signal has stopped one, or it goes on. */
export const kernelParts = ['rules', 'links', 'routes', 'sysctls', 'listeners', 'processes', 'stopped'] as const;
export type KernelPart = (typeof kernelParts)[number];

export interface WireParams {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly links: readonly WireLink[];
}

/** One veth pair from a container's namespace to the bridge. */
export interface WireLink {
  /** The machine's name, e.g. `node01`. */
  readonly machine: string;
  /** Process id of the container's init, in the process namespace of the Docker engine. */
  readonly pid: number;
  readonly interface: string;
  readonly address: Ipv4;
  readonly prefix: number;
  readonly gateway: Ipv4;
  /** e.g. `02:42:c0:a8:38:0b`. Derived from the address, so that it is the same after each start. */
  readonly mac: string;
}

/** A network namespace: the machine's own, or the namespace of the pod with this address on the machine. */
export interface Place {
  readonly machine: string;
  readonly pid: number;
  readonly podIp?: Ipv4;
}

/**
 * The name of the bridge's end of a pair. It comes from the address, because a machine may be called `lo` or `lab0`.
 */
export const bridgePort = (address: Ipv4): string => `lab-${ipv4ToNumber(address).toString(16).padStart(8, '0')}`;

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
  readonly nft: string;
  readonly ipset: string;
  readonly ipvs: string;
  readonly xfrm: string;
  readonly queues: string;
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

/** Where a probe must arrive: the network namespace of an endpoint. */
export interface Arrival {
  readonly place: Place;
  readonly address: Ipv4;
  /** Default: any port. */
  readonly port?: number;
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
  /** A proxy (kube-proxy in userspace mode) opens its own connection to the endpoint. */
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

export interface LookupProbe {
  readonly place: Place;
  readonly name: string;
  readonly nameserver: Ipv4;
  readonly timeoutMs: number;
}
export type LookupOutcome =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly failure: ProbeFailure; readonly message: string };

export interface ReadFileParams {
  readonly machine: string;
  readonly pid: number;
  /** Absolute, inside the machine. Symbolic links are followed inside the machine only. */
  readonly path: string;
  /** At most this many bytes, from the end. */
  readonly tailBytes: number;
}
export type FileOutcome =
  | { readonly exists: true; readonly content: string; readonly size: number; readonly truncated: boolean }
  | { readonly exists: false };
