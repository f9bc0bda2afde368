// The kubelet's port to what runs on the node: sandboxes (a pod's network) and containers. One adapter drives crun
// and CNI, one fake lives in memory for tests; a contract suite holds both to the same behaviour.
import type { StoredImage } from '../../../api/images.ts';
import type { RunResult } from '../../sys/exec.ts';

/** Who a sandbox or container belongs to. */
export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly hostIP?: string;
}

export interface SandboxSpec {
  readonly pod: PodRef;
  readonly hostNetwork: boolean;
  readonly portMappings: readonly PortMapping[];
  /** The address that the pod had before its node restarted; another one is given when this one is taken. */
  readonly preferredIp?: string;
}

export interface Sandbox {
  readonly id: string;
  readonly pod: PodRef;
  /** The network namespace's path; absent for pods on the node's own network. */
  readonly netns?: string;
  readonly ip?: string;
  readonly createdAt: string;
}

export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** Everything that makes one container. Times are RFC 3339. */
export interface ContainerSpec {
  readonly pod: PodRef;
  readonly sandboxId: string;
  readonly name: string;
  /** 0 for the first; counts restarts. */
  readonly attempt: number;
  readonly image: StoredImage;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ContainerUser;
  readonly hostname: string;
  readonly mounts: readonly ContainerMount[];
  readonly privileged: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnlyRoot: boolean;
  readonly terminal: boolean;
  readonly stdin: boolean;
  /** Its input ends when the first client that was attached leaves. */
  readonly stdinOnce: boolean;
  readonly stopSignal: string;
}

/** A container that exists or existed. */
export interface ContainerRecord {
  readonly id: string;
  readonly pod: PodRef;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  readonly startedAt: string;
  /** Of its first process, in the node. */
  readonly pid: number;
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly stopSignal: string;
  readonly logPath: string;
  readonly exit?: ContainerExit;
}

export interface ContainerExit {
  readonly code: number;
  readonly finishedAt: string;
  /** What the container left in its termination message file. */
  readonly message?: string;
  /** The exit code couldn't be learnt: its shim was killed, or the machine went down. */
  readonly unknown?: boolean;
}

export interface Runtime {
  /** All that exists, from memory; includes what an earlier kubelet made, and ended containers until they are removed. */
  sandboxes(): readonly Sandbox[];
  containers(): readonly ContainerRecord[];
  /** Makes the network namespace and runs the CNI plugins; leaves nothing behind when that fails. */
  createSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /** CNI DEL, then the namespace. Repeatable. */
  removeSandbox(id: string): Promise<void>;
  /** Whether the sandbox's network still exists; somebody may have deleted the namespace. */
  sandboxIntact(id: string): Promise<boolean>;
  startContainer(spec: ContainerSpec): Promise<ContainerRecord>;
  /** @param signal `TERM`, `KILL`, … A container that has ended is left alone. */
  signal(id: string, signal: string): Promise<void>;
  /** Forgets an ended container. Its log file goes with it. */
  removeContainer(id: string): Promise<void>;
  exec(id: string, command: readonly string[], options: { timeoutMs: number }): Promise<RunResult>;
  /** Called after a container ended and its record says so. */
  onExit(listener: (container: ContainerRecord) => void): void;
  /** Looks for containers that ended unnoticed. */
  refresh(): Promise<void>;
  /** Removes what belongs to none of these pods and to no sandbox: addresses, namespaces, mounts, logs. */
  collectGarbage(podUids: ReadonlySet<string>): Promise<void>;
}
