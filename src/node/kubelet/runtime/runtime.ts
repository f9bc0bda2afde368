// The port to the node's sandboxes (networks of pods) and containers. crun-runtime.ts implements it with CNI and crun.
// Tests use a fake in memory. One contract suite runs against both.
import type { StoredImage } from '../../../api/images.ts';
import type { GroupLimits } from '../../sys/cgroup-limits.ts';
import type { RunResult } from '../../sys/exec.ts';
import type { SeccompFilter } from './seccomp.ts';

/** The pod that owns a sandbox or container. */
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
  /** Whose shared memory and message queues the containers use. Default: each container has its own. */
  readonly ipc?: 'pod' | 'node';
  /** The pod's containers see each other's processes. */
  readonly shareProcesses?: boolean;
  readonly portMappings: readonly PortMapping[];
  /** The pod's address before its node restarted. The pod gets another address when this one is taken. */
  readonly preferredIp?: string;
}

export interface Sandbox {
  readonly id: string;
  readonly pod: PodRef;
  /** The path of the network namespace. Absent for a pod on the node's network. */
  readonly netns?: string;
  readonly ip?: string;
  readonly createdAt: string;
}

export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Mounts below this one are read-only, too. */
  readonly recursiveReadOnly?: boolean;
  /** Whether later mounts reach the container, or both sides. Default: neither. */
  readonly propagation?: 'HostToContainer' | 'Bidirectional';
}

export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** Everything that the runtime needs to start a container. */
export interface ContainerSpec {
  readonly pod: PodRef;
  readonly sandboxId: string;
  readonly name: string;
  /** The number of earlier runs. */
  readonly attempt: number;
  /** The record keeps it: the pause between the end of this run and the next restart, in milliseconds. */
  readonly backoffMs: number;
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
  /** The container's input ends when the first attached client leaves. */
  readonly stdinOnce: boolean;
  readonly stopSignal: string;
  /** The filter for system calls: the runtime's own, or one of the node's files. Default: none. */
  readonly seccomp?: 'default' | SeccompFilter;
  /** Kernel parameters of the pod's namespaces, with dots in their names. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Whose processes the container sees, beside its own. Default: nobody's. */
  readonly processes?: 'pod' | 'node';
  readonly limits: GroupLimits;
  /** The weight of all of the pod's containers together. */
  readonly podLimits: GroupLimits;
  /** From 0 to 1000: the higher, the sooner the kernel kills the container when the node's memory is short. */
  readonly oomScoreAdj: number;
  /** The id of a running container whose processes this container sees and can debug. */
  readonly processesOf?: string;
  /** Where the container sees the file for its termination message. */
  readonly terminationMessagePath: string;
  /** If the container fails without a message, the end of its log is the message. */
  readonly messageFromLog: boolean;
}

/** A container that runs or has ended. Times are RFC 3339. */
export interface ContainerRecord {
  readonly id: string;
  readonly pod: PodRef;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly backoffMs: number;
  readonly image: string;
  readonly imageId: string;
  readonly startedAt: string;
  /** The process id of the container's first process, in the node's numbering. */
  readonly pid: number;
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly stopSignal: string;
  readonly logPath: string;
  readonly memoryLimited?: boolean;
  readonly messageFromLog?: boolean;
  readonly exit?: ContainerExit;
}

export interface ContainerExit {
  readonly code: number;
  readonly finishedAt: string;
  /** The container's termination message. */
  readonly message?: string;
  /** The exit code is unknown, because conmon was killed or the node restarted. */
  readonly unknown?: boolean;
  /** The kernel killed a process of the container because memory was short. */
  readonly oomKilled?: boolean;
}

/** The exit code of a container that ended together with its node, as containerd reports it. */
export const lostExitCode = 255;

export interface Runtime {
  /** From memory. Includes sandboxes that an earlier kubelet made. */
  sandboxes(): readonly Sandbox[];
  /**
   * From memory. Includes containers that an earlier kubelet started, and ended containers until their removal. After
   * a restart of the node, the containers that ran have ended with `lostExitCode`.
   */
  containers(): readonly ContainerRecord[];
  /** Makes the network namespace and runs the CNI plugins. A failure leaves nothing behind. */
  createSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /** Runs CNI DEL, then deletes the namespace. Safe to repeat. */
  removeSandbox(id: string): Promise<void>;
  /** @returns false when somebody deleted the sandbox's network namespace */
  sandboxIntact(id: string): Promise<boolean>;
  startContainer(spec: ContainerSpec): Promise<ContainerRecord>;
  /** Does nothing when the container has ended. @param signal `TERM`, `KILL`, … */
  signal(id: string, signal: string): Promise<void>;
  /** Removes an ended container and its log file. */
  removeContainer(id: string): Promise<void>;
  /** The bytes that the container has written: to its root file system and to its log. */
  diskUsage(id: string): Promise<number>;
  exec(id: string, command: readonly string[], options: { timeoutMs: number }): Promise<RunResult>;
  /** The listener gets the record of each container that ends, with its exit. */
  onExit(listener: (container: ContainerRecord) => void): void;
  /** Looks for containers that ended unnoticed, for example because conmon was killed. */
  refresh(): Promise<void>;
  /** Removes addresses and network namespaces of unknown sandboxes, and the logs of pods that are not in the set. */
  collectGarbage(podUids: ReadonlySet<string>): Promise<void>;
}
