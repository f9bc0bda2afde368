// The protocol between host and fabric agent: JSON lines over the standard streams of one exec in the fabric container.
import type { Changes, ChangesParams } from './changes.ts';
import type {
  DataplaneParams,
  KernelTraceOutcome,
  KernelTraceParams,
  NamespaceTexts,
  TwinParams,
} from './dataplane.ts';
import type { Facts, FactsParams, FileOutcome, JournalParams, Place, ReadFileParams } from './facts.ts';
import type {
  HttpOutcome,
  HttpProbe,
  LookupOutcome,
  LookupProbe,
  SeriesOutcome,
  SeriesProbe,
  TcpOutcome,
  TcpProbe,
} from './probes.ts';
import type { Ipv4 } from './scalars.ts';
import type { Booted, BootParams, Wired, WireParams } from './wiring.ts';

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
  /** Starts the machines in their containers. Leaves those that run already. */
  readonly boot: { readonly params: BootParams; readonly result: Booted };
  /** As `boot`, by an agent that does not hold the claim. Names only the machines that run. */
  readonly reboot: { readonly params: BootParams; readonly result: Booted };
  /** Creates the bridge and the links. Keeps what is already right, so it can be repeated. */
  readonly wire: { readonly params: WireParams; readonly result: Wired };
  /** As `wire`, for machines that were restarted since they got their link. Other links stay as they are. */
  readonly rewire: { readonly params: WireParams; readonly result: Wired };
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
  /** What a component has logged, by the fields of the journal that only journald writes. */
  readonly journal: { readonly params: JournalParams; readonly result: FileOutcome };
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
  /** Unplugs the machine with this address from the bridge, or plugs it in again. For checks of the type `change`. */
  readonly plug: {
    readonly params: { readonly address: Ipv4; readonly plugged: boolean };
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
  /** `keep`: what could not be undone, for later; beside what was kept before, or in its place (`forget`). */
  readonly endChange: {
    readonly params: { readonly keep?: string; readonly forget?: boolean };
    readonly result: Record<string, never>;
  };
  /** `left`: what a killed grader has left, as of `beginChange`. `kept`: what was kept by `endChange`. */
  readonly leftChange: {
    readonly params: Record<string, never>;
    readonly result: { readonly left?: string; readonly kept?: string };
  };
  /** Whether a change goes on. `count` is another number after each beginning and end of one. */
  readonly changeState: {
    readonly params: Record<string, never>;
    readonly result: { readonly open: boolean; readonly count: number };
  };
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

export type UnitVerb =
  | 'start'
  | 'stop'
  | 'restart'
  | 'try-restart'
  | 'enable'
  | 'disable'
  | 'reset-failed'
  | 'daemon-reload';
