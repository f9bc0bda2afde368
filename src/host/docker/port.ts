// The port to a container engine: everything that labs needs from Docker. The adapter is dockerode.ts, the stateful
// fake is test/support/fake-docker.ts; one contract suite runs against both.
//
// Every method throws LabError: LAB_DOCKER_MISSING, LAB_DOCKER_UNREACHABLE, LAB_DOCKER_PERMISSION, LAB_DISK_FULL,
// LAB_IMAGE_MISSING, LAB_CONTAINER_MISSING, LAB_CONTAINER_STOPPED, LAB_NAME_TAKEN, LAB_PORT_TAKEN, or
// LAB_DOCKER_FAILED with Docker's message.
import type { Readable, Writable } from 'node:stream';

export interface Containers {
  /** Describes the engine. Fails when the engine can't be reached, so it also tells whether Docker works. */
  engine(signal?: AbortSignal): Promise<EngineInfo>;
  readonly images: Images;
  readonly volumes: Volumes;

  /** @returns the new container's id */
  create(spec: ContainerSpec, signal?: AbortSignal): Promise<string>;
  /** Does nothing when the container runs. */
  start(container: string, signal?: AbortSignal): Promise<void>;
  /** Stops the container, and kills it after `graceSeconds`. Does nothing when it has stopped. */
  stop(container: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  /** Does nothing when the container has stopped. */
  kill(container: string, unixSignal?: string): Promise<void>;
  /** Kills and removes the container with its anonymous volumes. Does nothing when it does not exist. */
  remove(container: string, signal?: AbortSignal): Promise<void>;
  /** Undefined when the container does not exist. */
  inspect(container: string, signal?: AbortSignal): Promise<ContainerState | undefined>;
  /** Includes stopped containers. @param labels a container must have all of them; `''` matches any value */
  list(labels: Labels, signal?: AbortSignal): Promise<readonly ContainerSummary[]>;
  /** Waits until the container has stopped. @returns its exit code */
  wait(container: string, signal?: AbortSignal): Promise<number>;
  /**
   * Unpacks a tar archive at `path`. The container may be stopped. A tmpfs does not work: Docker writes below the
   * mount.
   */
  putArchive(container: string, path: string, archive: Buffer | Readable, signal?: AbortSignal): Promise<void>;
  /** A tar archive of the file or folder at `path`. */
  getArchive(container: string, path: string, signal?: AbortSignal): Promise<Readable>;
  /** The output of the main process: standard output and error together, in the order of arrival. */
  logs(container: string, options?: LogOptions): Promise<string>;

  /** Runs a command to its end. A nonzero exit code is a result, not an error. An abort does not end the command. */
  exec(container: string, command: ExecSpec & { readonly stdin?: string | Buffer }): Promise<ExecResult>;
  /** Starts a command and returns its streams. */
  open(container: string, command: ExecSpec & { readonly terminal?: TerminalSize }): Promise<ExecSession>;
}

export interface EngineInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly operatingSystem: string;
  readonly kernel: string;
  /** As Node names it in process.arch: `x64`, `arm64`. */
  readonly architecture: string;
  readonly cgroupVersion: 1 | 2;
  readonly rootless: boolean;
  /** The names of its security options: `seccomp`, `apparmor`, `selinux`, `userns` (userns-remap), `rootless`. */
  readonly security: readonly string[];
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageDriver: string;
  /** The engine's folder for images and containers, on the engine's machine. */
  readonly dataFolder: string;
  /** The engine runs on this machine, behind a Unix socket. */
  readonly local: boolean;
}

export type Labels = Readonly<Record<string, string>>;

export interface ImageSummary {
  readonly id: string;
  readonly tags: readonly string[];
  readonly labels: Labels;
  /** Bytes. */
  readonly size: number;
}

export interface ImageDetail extends ImageSummary {
  readonly architecture: string;
  /** The image's configuration, as OCI's image-spec names its fields. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Images {
  exists(reference: string, signal?: AbortSignal): Promise<boolean>;
  /** Undefined when the image does not exist. */
  inspect(reference: string, signal?: AbortSignal): Promise<ImageDetail | undefined>;
  list(labels: Labels, signal?: AbortSignal): Promise<readonly ImageSummary[]>;
  /** @throws LabError LAB_IMAGE_PULL when no registry answers or has the image */
  pull(reference: string, options?: ProgressOptions): Promise<void>;
  /** Builds the image of a Dockerfile. @throws LabError LAB_IMAGE_BUILD with the output of the failed step */
  build(spec: BuildSpec, options?: ProgressOptions): Promise<void>;
  /** Makes an image from the tar archive of a root file system, compressed or not. */
  import(reference: string, rootfs: Readable, options?: ImportOptions): Promise<void>;
  /** Removes the tag. Removing the last tag removes the image. Does nothing when the tag does not exist. */
  remove(reference: string, signal?: AbortSignal): Promise<void>;
}

export interface ProgressOptions {
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface ImportOptions extends ProgressOptions {
  /** Dockerfile instructions, such as `CMD ["sh"]`. */
  readonly changes?: readonly string[];
}

export interface BuildSpec {
  readonly tag: string;
  /** The build context with its Dockerfile, as a tar archive. */
  readonly context: Readable;
  readonly arguments?: Readonly<Record<string, string>>;
  readonly labels?: Labels;
  readonly network?: 'host' | 'none';
  /** Its path in the context. Default: `Dockerfile`. */
  readonly dockerfile?: string;
}

export interface VolumeSummary {
  readonly name: string;
  readonly labels: Labels;
}

export interface Volumes {
  /** Does nothing when the volume exists. */
  create(name: string, labels: Labels, signal?: AbortSignal): Promise<void>;
  exists(name: string, signal?: AbortSignal): Promise<boolean>;
  list(labels: Labels, signal?: AbortSignal): Promise<readonly VolumeSummary[]>;
  /** Does nothing when the volume does not exist. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
}

/** A container to create. Missing fields have the engine's defaults. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly hostname?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Labels;
  /** `none`: the network namespace has only loopback, until the fabric adds a link. */
  readonly network: 'none' | 'host' | 'bridge';
  readonly pidMode?: 'host';
  readonly cgroupNamespace?: 'private' | 'host';
  /** `host`: also on an engine with userns-remap, root of the container is root of the engine's machine. */
  readonly userNamespace?: 'host';
  readonly capabilities?: readonly string[];
  /** `ALL`, or single ones of the engine's default capabilities. */
  readonly dropCapabilities?: readonly string[];
  readonly securityOptions?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Path → mount options, `size=64m,mode=755`. */
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly mounts?: readonly ContainerMount[];
  /** Folders that get a volume of their own, which goes with the container. */
  readonly anonymousVolumes?: readonly string[];
  /** `b 7:* rwm`: device nodes that the container may make and use. */
  readonly deviceRules?: readonly string[];
  /** Only for the network `bridge`. */
  readonly ports?: readonly PublishedPort[];
  /** The container can write to its mounts only. */
  readonly readOnly?: boolean;
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
  /** `name:address`, into /etc/hosts. */
  readonly hosts?: readonly string[];
  readonly stopSignal?: string;
  /** Runs Docker's small init as process 1, which reaps orphans. */
  readonly init?: boolean;
  readonly user?: string;
}

/** A TCP port of the container that the engine publishes on one address of its machine. */
export interface PublishedPort {
  readonly container: number;
  readonly host: number;
  readonly address: string;
}

/** A mount of a volume, or of a folder of the engine's machine such as `/lib/modules`. */
export interface ContainerMount {
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly status: ContainerStatus;
  readonly labels: Labels;
}

export interface ContainerState extends ContainerSummary {
  /** In the engine's process-id namespace; 0 while the container does not run. */
  readonly pid: number;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** ISO 8601; empty before the first start. */
  readonly startedAt: string;
  readonly createdAt: string;
}

export interface LogOptions {
  /** Only this many of the last lines. */
  readonly tail?: number;
  readonly signal?: AbortSignal;
}

export interface ExecSpec {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface ExecSession {
  /** Ending this stream ends the command's standard input. */
  readonly stdin: Writable;
  /** With a terminal: all output. */
  readonly stdout: Readable;
  /** With a terminal: empty. Must be read or resumed, like stdout. */
  readonly stderr: Readable;
  /** Resolves when the command has ended. Rejects when the connection breaks or `signal` aborts. */
  readonly exitCode: Promise<number>;
  resize(size: TerminalSize): Promise<void>;
  /** Closes the connection. The command's input ends; a command with a terminal gets a hang-up. */
  close(): void;
}
