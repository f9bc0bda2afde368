// Implements the Containers port with dockerode. Loads dockerode only when a command needs Docker.
import type { Readable } from 'node:stream';
import Dockerode from 'dockerode';
import { aborting, type Call, ignoring, labelFilter, undefinedIfMissing } from './call.ts';
import { type Endpoint, findEndpoint, type Variables } from './endpoint.ts';
import { type Circumstances, translate } from './errors.ts';
import { openExec, runExec } from './exec.ts';
import { createImages } from './images.ts';
import type { ContainerState, ContainerSummary, Containers, EngineInfo } from './port.ts';
import { isInstalled } from './program.ts';
import { toCreateOptions } from './spec.ts';
import { type EngineForward, forwardEngine } from './ssh.ts';
import { joinFrames } from './streams.ts';
import { createVolumes } from './volumes.ts';

/**
 * Docker at the endpoint that the variables name (DOCKER_HOST, DOCKER_CONTEXT, …). Makes no connection yet.
 * @throws LabError LAB_DOCKER_HOST when a variable is invalid
 */
export const connectDocker = async (variables: Variables): Promise<Containers> => {
  const endpoint = findEndpoint(variables);
  const forward = endpoint.kind === 'ssh' ? forwardEngine(endpoint, variables) : undefined;
  const docker = new Dockerode(clientOptions(endpoint, forward));
  const circumstances: Circumstances = {
    endpoint,
    namedByDockerHost: Boolean(variables.DOCKER_HOST),
    engineInstalled: () => isInstalled('dockerd', variables),
  };
  const call: Call = async (work, signal) => {
    try {
      signal?.throwIfAborted();
      const whole = forward ? forward.open().then(work) : work();
      return await (signal ? unlessAborted(whole, signal) : whole);
    } catch (error) {
      throw translate(error, circumstances, signal);
    }
  };
  return {
    images: createImages(docker, call),
    volumes: createVolumes(docker, call),
    engine: (signal) => call(() => engineInfo(docker, endpoint), signal),
    ...lifecycle(docker, call),
    ...contents(docker, call),
  };
};

/** Ends the wait on an abort: not every call of dockerode takes a signal, but Ctrl-C must work during all of them. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

/** Sets every option, because docker-modem takes missing ones from the process's environment. */
const clientOptions = (endpoint: Endpoint, forward: EngineForward | undefined): Dockerode.DockerOptions => {
  // docker-modem's code accepts undefined, but its types don't.
  const base = { socketPath: undefined, host: undefined, ca: undefined, cert: undefined, key: undefined };
  const own = (): object => {
    switch (endpoint.kind) {
      case 'unix':
        return { socketPath: endpoint.path, protocol: 'http' };
      case 'tcp':
        return {
          host: endpoint.host,
          port: endpoint.port,
          protocol: endpoint.tls ? 'https' : 'http',
          pathPrefix: '/',
          ...endpoint.tls,
        };
      case 'ssh':
        // docker-modem takes a function, too, but its types don't know that.
        return { socketPath: forward?.socket, protocol: 'http' };
    }
  };
  return { ...base, ...own() } as Dockerode.DockerOptions;
};

const engineInfo = async (docker: Dockerode, endpoint: Endpoint): Promise<EngineInfo> => {
  const [version, info] = await Promise.all([docker.version(), docker.info()]);
  const security = ((info.SecurityOptions ?? []) as string[]).flatMap(
    (option) => /^name=([^,]+)/.exec(option)?.[1] ?? [],
  );
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    operatingSystem: info.OperatingSystem,
    kernel: info.KernelVersion,
    architecture: { amd64: 'x64', x86_64: 'x64', aarch64: 'arm64' }[version.Arch as string] ?? version.Arch,
    cgroupVersion: info.CgroupVersion === '2' ? 2 : 1,
    rootless: security.includes('rootless'),
    security,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    storageDriver: info.Driver,
    dataFolder: info.DockerRootDir,
    local: endpoint.kind === 'unix',
  };
};

type Lifecycle = Pick<Containers, 'create' | 'start' | 'stop' | 'kill' | 'remove' | 'inspect' | 'list' | 'wait'>;

const lifecycle = (docker: Dockerode, call: Call): Lifecycle => ({
  create: (spec, signal) => call(async () => (await docker.createContainer(toCreateOptions(spec, signal))).id, signal),
  start: (container, signal) =>
    call(() => ignoring([304], docker.getContainer(container).start(aborting(signal))), signal),
  stop: (container, graceSeconds, signal) =>
    call(() => ignoring([304], docker.getContainer(container).stop({ t: graceSeconds, ...aborting(signal) })), signal),
  kill: (container, unixSignal = 'SIGKILL') =>
    call(() => ignoring([409], docker.getContainer(container).kill({ signal: unixSignal }))),
  remove: (container, signal) => call(() => removeContainer(docker, container, signal), signal),
  inspect: (container, signal) =>
    call(async () => {
      const seen = await undefinedIfMissing(docker.getContainer(container).inspect(aborting(signal)));
      return seen && toState(seen);
    }, signal),
  list: (labels, signal) =>
    call(async () => {
      const found = await docker.listContainers({
        all: true,
        filters: { label: labelFilter(labels) },
        ...aborting(signal),
      });
      return found.map(toSummary);
    }, signal),
  wait: (container, signal) =>
    call(async () => (await docker.getContainer(container).wait(aborting(signal))).StatusCode, signal),
});

type Contents = Pick<Containers, 'putArchive' | 'getArchive' | 'logs' | 'exec' | 'open'>;

const contents = (docker: Dockerode, call: Call): Contents => ({
  putArchive: (container, path, archive, signal) =>
    call(async () => {
      await docker.getContainer(container).putArchive(archive, { path, ...aborting(signal) });
    }, signal),
  getArchive: (container, path, signal) =>
    call(
      async () => (await docker.getContainer(container).getArchive({ path, ...aborting(signal) })) as Readable,
      signal,
    ),
  logs: (container, options = {}) =>
    call(async () => {
      const log = await docker.getContainer(container).logs({
        stdout: true,
        stderr: true,
        follow: false,
        ...(options.tail === undefined ? {} : { tail: options.tail }),
        ...aborting(options.signal),
      });
      return joinFrames(log);
    }, options.signal),
  exec: (container, command) => call(() => runExec(docker, container, command), command.signal),
  open: (container, command) => call(() => openExec(docker, container, command), command.signal),
});

/** Succeeds when another process is removing the container, because two clean-ups may run at the same time. */
const removeContainer = async (docker: Dockerode, container: string, signal?: AbortSignal): Promise<void> => {
  try {
    await docker.getContainer(container).remove({ force: true, v: true, ...aborting(signal) });
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === 404) return;
    if (statusCode !== 409) throw error;
    await undefinedIfMissing(docker.getContainer(container).wait({ condition: 'removed' }));
  }
};

const toState = (seen: Dockerode.ContainerInspectInfo): ContainerState => ({
  id: seen.Id,
  name: seen.Name.replace(/^\//, ''),
  image: seen.Config.Image,
  status: seen.State.Status as ContainerState['status'],
  labels: seen.Config.Labels ?? {},
  pid: seen.State.Pid,
  exitCode: seen.State.ExitCode,
  outOfMemory: seen.State.OOMKilled,
  startedAt: seen.State.StartedAt.startsWith('0001-') ? '' : seen.State.StartedAt,
  createdAt: seen.Created,
});

const toSummary = (seen: Dockerode.ContainerInfo): ContainerSummary => ({
  id: seen.Id,
  name: (seen.Names[0] ?? '').replace(/^\//, ''),
  image: seen.Image,
  status: seen.State as ContainerSummary['status'],
  labels: seen.Labels ?? {},
});
