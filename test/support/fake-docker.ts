// A container engine in memory. It refuses the same calls as Docker. test/contract/docker/containers.test.ts runs the
// same tests against Docker.
import { createHash, randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import type {
  BuildSpec,
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  ContainerSummary,
  Containers,
  EngineInfo,
  ExecResult,
  ExecSession,
  ExecSpec,
  Images,
  Labels,
  VolumeSummary,
  Volumes,
} from '../../src/host/docker/port.ts';
import { inMachine } from '../../src/host/plan/boot.ts';
import { LabError } from '../../src/kit/error.ts';

export interface FakeContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  status: ContainerStatus;
  pid: number;
  exitCode: number;
  startedAt: string;
  readonly createdAt: string;
  /** The files that `putArchive` wrote: path → content. */
  readonly files: Map<string, string>;
  /** Ends the commands that `open` started. */
  readonly commands: Set<() => void>;
}

export interface FakeImage {
  readonly id: string;
  readonly labels: Labels;
  readonly build?: BuildSpec;
}

/**
 * Answers a command in a container or in its machine, where it gets the command without the program that enters the
 * machine. Undefined means that the program does not exist.
 */
export type ExecHandler = (
  container: FakeContainer,
  command: readonly string[],
  stdin: string,
) => Partial<ExecResult> | undefined | Promise<Partial<ExecResult> | undefined>;

export interface FakeDockerOptions {
  readonly images?: Readonly<Record<string, Labels>>;
  readonly exec?: ExecHandler;
  readonly engine?: Partial<EngineInfo>;
  /** The references of the images in the registry. */
  readonly registry?: readonly string[];
}

export class FakeDocker implements Containers {
  readonly containers = new Map<string, FakeContainer>();
  readonly volumeLabels = new Map<string, Labels>();
  readonly imageTags = new Map<string, FakeImage>();
  /** Each call that changes something, in order: `create labs-x-node01`. */
  readonly calls: string[] = [];
  /** Method name → the error of the next call of this method. Later calls succeed. */
  readonly failures = new Map<string, Error>();
  readonly images: Images;
  readonly volumes: Volumes;
  readonly #options: FakeDockerOptions;
  #nextPid = 1000;

  constructor(options: FakeDockerOptions = {}) {
    this.#options = options;
    for (const [tag, labels] of Object.entries(options.images ?? {})) this.#tag(tag, { id: idOf(tag), labels });
    this.images = this.#images();
    this.volumes = this.#volumes();
  }

  engine(): Promise<EngineInfo> {
    return this.#do('engine', () => ({ ...engine, ...this.#options.engine }));
  }

  create(spec: ContainerSpec, signal?: AbortSignal): Promise<string> {
    return this.#do(`create ${spec.name}`, () => {
      signal?.throwIfAborted();
      if (this.#find(spec.name)) throw new LabError('LAB_NAME_TAKEN', `Conflict. "${spec.name}" is already in use`);
      if (!this.imageTags.has(tagged(spec.image)))
        throw new LabError('LAB_IMAGE_MISSING', `No such image: ${spec.image}`);
      for (const { source } of spec.mounts ?? [])
        if (!source.startsWith('/') && !this.volumeLabels.has(source)) this.volumeLabels.set(source, {});
      const id = idOf(randomUUID());
      const createdAt = new Date().toISOString();
      const container = { id, spec, status: 'created' as const, pid: 0, exitCode: 0, startedAt: '', createdAt };
      this.containers.set(spec.name, { ...container, files: new Map(), commands: new Set() });
      return id;
    });
  }

  start(container: string): Promise<void> {
    return this.#do(`start ${this.#nameOf(container)}`, () => {
      const found = this.#get(container);
      if (found.status === 'running') return;
      for (const { host } of found.spec.ports ?? []) {
        if (this.#publishes(host)) throw new LabError('LAB_PORT_TAKEN', `127.0.0.1:${host}: port is already allocated`);
      }
      found.status = 'running';
      found.pid = this.#nextPid++;
      found.startedAt = new Date().toISOString();
    });
  }

  stop(container: string): Promise<void> {
    return this.#do(`stop ${this.#nameOf(container)}`, () => this.#end(this.#get(container), 143));
  }

  kill(container: string): Promise<void> {
    return this.#do(`kill ${this.#nameOf(container)}`, () => this.#end(this.#get(container), 137));
  }

  remove(container: string): Promise<void> {
    return this.#do(`remove ${this.#nameOf(container)}`, () => {
      const found = this.#find(container);
      if (!found) return;
      this.#end(found, 137);
      this.containers.delete(found.spec.name);
    });
  }

  inspect(container: string): Promise<ContainerState | undefined> {
    return this.#do('inspect', () => {
      const found = this.#find(container);
      if (!found) return undefined;
      const { pid, exitCode, startedAt, createdAt } = found;
      return { ...summary(found), pid, exitCode, startedAt, createdAt, outOfMemory: false };
    });
  }

  list(labels: Labels): Promise<readonly ContainerSummary[]> {
    return this.#do('list', () =>
      [...this.containers.values()].filter(({ spec }) => matches(spec.labels ?? {}, labels)).map(summary),
    );
  }

  wait(container: string): Promise<number> {
    return this.#do('wait', async () => {
      const found = this.#get(container);
      while (found.status === 'running') await new Promise((resolve) => setTimeout(resolve, 1));
      return found.exitCode;
    });
  }

  putArchive(container: string, path: string, archive: Buffer | Readable): Promise<void> {
    return this.#do(`put ${this.#nameOf(container)} ${path}`, async () => {
      const found = this.#get(container);
      const reader = extract();
      (Buffer.isBuffer(archive) ? Readable.from([archive]) : archive).pipe(reader);
      for await (const entry of reader) {
        const content = (await buffer(entry)).toString('utf8');
        if (entry.header.type === 'file') found.files.set(join(path, entry.header.name), content);
      }
    });
  }

  getArchive(container: string, path: string): Promise<Readable> {
    return this.#do('get', () => {
      const found = this.#get(container);
      const inside = [...found.files].filter(([name]) => name === path || name.startsWith(join(path, '/')));
      if (inside.length === 0) throw new LabError('LAB_FILE_MISSING', `Could not find the file ${path}`);
      const archive = pack();
      const parent = path.slice(0, path.lastIndexOf('/') + 1);
      for (const [name, content] of inside) archive.entry({ name: name.slice(parent.length) }, content);
      archive.finalize();
      return Readable.from(archive);
    });
  }

  logs(container: string): Promise<string> {
    return this.#do('logs', () => {
      this.#get(container);
      return '';
    });
  }

  exec(container: string, command: ExecSpec & { readonly stdin?: string | Buffer }): Promise<ExecResult> {
    return this.#do(`exec ${this.#nameOf(container)} ${command.command.join(' ')}`, () =>
      this.#run(this.#running(container), command, String(command.stdin ?? '')),
    );
  }

  open(container: string, command: ExecSpec): Promise<ExecSession> {
    return this.#do(`open ${this.#nameOf(container)} ${command.command.join(' ')}`, () => {
      const found = this.#running(container);
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const answered = buffer(stdin).then((input) => this.#run(found, command, input.toString('utf8')));
      const { promise: killed, resolve: kill } = Promise.withResolvers<ExecResult>();
      found.commands.add(() => kill({ exitCode: 137, stdout: '', stderr: '' }));
      const exitCode = Promise.race([answered, killed]).then((result) => {
        stdout.end(result.stdout);
        stderr.end(result.stderr);
        return result.exitCode;
      });
      exitCode.catch(() => {});
      return { stdin, stdout, stderr, exitCode, resize: () => Promise.resolve(), close: () => void stdin.end() };
    });
  }

  #images(): Images {
    return {
      exists: (reference) => this.#do('images.exists', () => this.imageTags.has(tagged(reference))),
      inspect: (reference) =>
        this.#do('images.inspect', () => {
          const image = this.imageTags.get(tagged(reference));
          return image && { ...this.#imageSummary(image), architecture: 'amd64', config: {} };
        }),
      list: (labels) =>
        this.#do('images.list', () =>
          [...new Map([...this.imageTags.values()].map((image) => [image.id, image])).values()]
            .filter((image) => matches(image.labels, labels))
            .map((image) => this.#imageSummary(image)),
        ),
      pull: (reference) =>
        this.#do(`pull ${reference}`, () => {
          if (!this.#options.registry?.includes(reference))
            throw new LabError('LAB_IMAGE_PULL', `Docker could not pull ${reference}`);
          this.#tag(reference, { id: idOf(reference), labels: {} });
        }),
      build: (spec) =>
        this.#do(`build ${spec.tag}`, async () => {
          await buffer(spec.context);
          this.#tag(spec.tag, { id: idOf(spec.tag), labels: spec.labels ?? {}, build: spec });
        }),
      import: (reference, rootfs, options) =>
        this.#do(`import ${reference}`, async () => {
          await buffer(rootfs);
          const labels = (options?.changes ?? []).flatMap((change) => {
            const [, name, value] = /^LABEL (\S+)=(\S+)$/.exec(change) ?? [];
            return name !== undefined && value !== undefined ? [[name, value] as const] : [];
          });
          this.#tag(reference, { id: idOf(reference), labels: Object.fromEntries(labels) });
        }),
      remove: (reference) =>
        this.#do(`remove image ${reference}`, () => {
          this.imageTags.delete(tagged(reference));
        }),
    };
  }

  #volumes(): Volumes {
    return {
      create: (name, labels) =>
        this.#do(`create volume ${name}`, () => {
          if (!this.volumeLabels.has(name)) this.volumeLabels.set(name, labels);
        }),
      exists: (name) => this.#do('volumes.exists', () => this.volumeLabels.has(name)),
      list: (labels) =>
        this.#do('volumes.list', () =>
          [...this.volumeLabels]
            .filter(([, own]) => matches(own, labels))
            .map(([name, own]): VolumeSummary => ({ name, labels: own })),
        ),
      remove: (name) =>
        this.#do(`remove volume ${name}`, () => {
          this.volumeLabels.delete(name);
        }),
    };
  }

  /** Records the call, and makes it fail if a test has set a failure. */
  async #do<T>(call: string, work: () => T | Promise<T>): Promise<T> {
    const method = call.split(' ')[0] ?? '';
    const failure = this.failures.get(call) ?? this.failures.get(method);
    if (call.includes(' ')) this.calls.push(call);
    if (failure) {
      this.failures.delete(this.failures.has(call) ? call : method);
      throw failure;
    }
    return await work();
  }

  async #run(container: FakeContainer, spec: ExecSpec, stdin: string): Promise<ExecResult> {
    const command = ofMachine(spec.command);
    const result = await this.#options.exec?.(container, command, stdin);
    const missing = `OCI runtime exec failed: exec: "${command[0]}": executable file not found in $PATH`;
    if (!result) return { exitCode: 126, stdout: missing, stderr: '' };
    return { exitCode: 0, stdout: '', stderr: '', ...result };
  }

  #tag(reference: string, image: FakeImage): void {
    this.imageTags.set(tagged(reference), image);
  }

  #imageSummary({ id, labels }: FakeImage) {
    const tags = [...this.imageTags].filter(([, image]) => image.id === id).map(([tag]) => tag);
    return { id, labels, tags, size: 0 };
  }

  #publishes(port: number): boolean {
    return [...this.containers.values()].some(
      ({ status, spec }) => status === 'running' && spec.ports?.some(({ host }) => host === port),
    );
  }

  #find(container: string): FakeContainer | undefined {
    return this.containers.get(container) ?? [...this.containers.values()].find(({ id }) => id === container);
  }

  #nameOf(container: string): string {
    return this.#find(container)?.spec.name ?? container;
  }

  #get(container: string): FakeContainer {
    const found = this.#find(container);
    if (!found) throw new LabError('LAB_CONTAINER_MISSING', `No such container: ${container}`);
    return found;
  }

  #running(container: string): FakeContainer {
    const found = this.#get(container);
    if (found.status !== 'running')
      throw new LabError('LAB_CONTAINER_STOPPED', `Container ${container} is not running`);
    return found;
  }

  #end(container: FakeContainer, exitCode: number): void {
    if (container.status !== 'running') return;
    container.status = 'exited';
    container.pid = 0;
    container.exitCode = exitCode;
    for (const kill of container.commands) kill();
    container.commands.clear();
  }
}

const entrance = inMachine([]);

/** The command that a machine runs, of a command of its container. */
const ofMachine = (command: readonly string[]): readonly string[] =>
  entrance.every((word, index) => command[index] === word) ? command.slice(entrance.length) : command;

const engine: EngineInfo = {
  version: '20.10.24',
  apiVersion: '1.41',
  operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0',
  architecture: 'x64',
  cgroupVersion: 2,
  rootless: false,
  security: ['seccomp', 'apparmor'],
  cpus: 2,
  memoryBytes: 8 * 1024 ** 3,
  storageDriver: 'overlay2',
  dataFolder: '/var/lib/docker',
  local: true,
};

const summary = ({ id, spec, status }: FakeContainer): ContainerSummary => ({
  id,
  name: spec.name,
  image: spec.image,
  status,
  labels: spec.labels ?? {},
});

const matches = (own: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => name in own && (value === '' || own[name] === value));

const tagged = (reference: string): string => (/:[^/]+$/.test(reference) ? reference : `${reference}:latest`);

const idOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const join = (folder: string, name: string): string => `${folder}/${name}`.replace(/\/+/g, '/');
