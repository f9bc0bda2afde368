// The port to a container engine: everything that labs asks of Docker, in labs' own words. The adapter is dockerode.ts,
// the stateful fake is test/support/fake-docker.ts; one contract suite runs against both.
//
// Every method throws LabError: LAB_DOCKER_MISSING, LAB_DOCKER_UNREACHABLE, LAB_DOCKER_PERMISSION, LAB_DISK_FULL,
// LAB_IMAGE_MISSING, LAB_CONTAINER_MISSING, LAB_CONTAINER_STOPPED, LAB_NAME_TAKEN, or LAB_DOCKER_FAILED with Docker's own words.
import type { Readable, Writable } from 'node:stream';

export interface Containers {
  /** What engine this is. Fails when it can't be reached: the way to ask whether Docker works. */
  engine(signal?: AbortSignal): Promise<EngineInfo>;
  readonly images: Images;
  readonly volumes: Volumes;

  /** @returns the new container's id */
  create(spec: ContainerSpec, signal?: AbortSignal): Promise<string>;
  /** Does nothing to one that runs. */
  start(container: string, signal?: AbortSignal): Promise<void>;
  /** Asks it to stop, and kills it after `graceSeconds`. Does nothing to one that has stopped. */
  stop(container: string, graceSeconds: number, signal?: AbortSignal): Promise<void>;
  /** Does nothing to one that has stopped. */
  kill(container: string, unixSignal?: string): Promise<void>;
  /** Kills and removes it with its anonymous volumes. Does nothing where there is none. */
  remove(container: string, signal?: AbortSignal): Promise<void>;
  /** Undefined where there is none. */
  inspect(container: string, signal?: AbortSignal): Promise<ContainerState | undefined>;
  /** Also stopped ones. @param labels each must be there with this value; `''` accepts any value */
  list(labels: Labels, signal?: AbortSignal): Promise<readonly ContainerSummary[]>;
  /** The exit code once it has stopped. */
  wait(container: string, signal?: AbortSignal): Promise<number>;
  /** Unpacks a tar archive at `path`, in a container that may be stopped. Not onto a tmpfs: Docker writes below the mount. */
  putArchive(container: string, path: string, archive: Buffer | Readable, signal?: AbortSignal): Promise<void>;
  /** A tar archive of the file or folder at `path`. */
  getArchive(container: string, path: string, signal?: AbortSignal): Promise<Readable>;
  /** What its main process wrote, standard output and error together, in the order of arrival. */
  logs(container: string, options?: LogOptions): Promise<string>;

  /** Runs a command to its end. A nonzero exit code is a result, not an error. Aborting leaves the command running. */
  exec(container: string, command: ExecSpec & { readonly stdin?: string | Buffer }): Promise<ExecResult>;
  /** Starts a command and talks to it. */
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
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly storageDriver: string;
  /** Where it keeps images and containers, on its own machine. */
  readonly dataFolder: string;
  /** It runs on this machine, behind a Unix socket; so its files may be ours too. */
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
  /** Undefined where there is none. */
  inspect(reference: string, signal?: AbortSignal): Promise<ImageDetail | undefined>;
  list(labels: Labels, signal?: AbortSignal): Promise<readonly ImageSummary[]>;
  /** @throws LabError LAB_IMAGE_PULL where no registry answers or none has it */
  pull(reference: string, options?: ProgressOptions): Promise<void>;
  /** Builds a Dockerfile's image. @throws LabError LAB_IMAGE_BUILD with the failing step's output */
  build(spec: BuildSpec, options?: ProgressOptions): Promise<void>;
  /** Makes an image of a root file system (tar, may be compressed). @param changes Dockerfile instructions, `CMD ["sh"]` */
  import(reference: string, rootfs: Readable, options?: ImportOptions): Promise<void>;
  /** Removes the tag, and the image with its last one. Does nothing where there is none. */
  remove(reference: string, signal?: AbortSignal): Promise<void>;
}

export interface ProgressOptions {
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface ImportOptions extends ProgressOptions {
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
  /** Does nothing where there is one of this name. */
  create(name: string, labels: Labels, signal?: AbortSignal): Promise<void>;
  exists(name: string, signal?: AbortSignal): Promise<boolean>;
  list(labels: Labels, signal?: AbortSignal): Promise<readonly VolumeSummary[]>;
  /** Does nothing where there is none. */
  remove(name: string, signal?: AbortSignal): Promise<void>;
}

/** A container as labs wants it. What isn't said is the engine's default. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly hostname?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Labels;
  /** `none`: its network namespace has only loopback, until someone wires it. */
  readonly network: 'none' | 'host' | 'bridge';
  readonly pidMode?: 'host';
  readonly cgroupNamespace?: 'private' | 'host';
  readonly capabilities?: readonly string[];
  readonly securityOptions?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Path → mount options, `size=64m,mode=755`. */
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly mounts?: readonly ContainerMount[];
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
  /** `name:address`, into /etc/hosts. */
  readonly hosts?: readonly string[];
  readonly stopSignal?: string;
  /** Docker's own tiny init reaps the processes that are left behind. */
  readonly init?: boolean;
  readonly user?: string;
}

/** A volume, or a folder of the engine's machine (`/proc`, `/lib/modules`). */
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
  /** In the engine's process namespace; 0 while it doesn't run. */
  readonly pid: number;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** ISO 8601; empty before the first start. */
  readonly startedAt: string;
  readonly createdAt: string;
}

export interface LogOptions {
  /** The last lines only. */
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
  /** Ending it ends the command's standard input. */
  readonly stdin: Writable;
  /** With a terminal: everything. */
  readonly stdout: Readable;
  /** With a terminal: nothing. Must be read or resumed, as stdout must. */
  readonly stderr: Readable;
  /** Settles when the command has ended. Rejects when the connection broke or `signal` aborted. */
  readonly exitCode: Promise<number>;
  resize(size: TerminalSize): Promise<void>;
  /** Cuts the connection; the command sees its input end, and a hang-up where it has a terminal. */
  close(): void;
}
