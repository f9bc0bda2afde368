// A container runtime in memory. It has sandboxes with addresses, and containers that a test can end.
import {
  type ContainerExit,
  type ContainerRecord,
  type ContainerSpec,
  lostExitCode,
  type Runtime,
  type Sandbox,
  type SandboxSpec,
} from '../../src/node/kubelet/runtime/runtime.ts';

export interface FakeRuntime extends Runtime {
  /** Ends a running container as if its program ended. */
  exit(id: string, code: number): void;
  /** Simulates that a student deletes the network namespace of a sandbox. */
  breakSandbox(id: string): void;
  /** The next start of a container fails with this error. */
  failNextStart(error: Error): void;
  /** The node restarts: sandboxes and running programs are gone, records of containers remain. */
  restartNode(): void;
  readonly signals: { readonly id: string; readonly signal: string }[];
  readonly specs: ContainerSpec[];
}

export interface FakeRuntimeOptions {
  /** Containers continue after SIGTERM. Default: they end with 143. */
  readonly ignoresTerm?: boolean;
  /** How a container's program ends by itself. Without a result, it runs until a signal. */
  readonly program?: (spec: ContainerSpec) => { readonly code: number; readonly afterMs: number } | undefined;
}

export const createFakeRuntime = (options: FakeRuntimeOptions = {}): FakeRuntime => {
  const sandboxes = new Map<string, Sandbox>();
  const containers = new Map<string, ContainerRecord>();
  const broken = new Set<string>();
  const listeners: ((container: ContainerRecord) => void)[] = [];
  const signals: { id: string; signal: string }[] = [];
  const specs: ContainerSpec[] = [];
  let failure: Error | undefined;
  let serial = 0;

  const end = (id: string, exit: Omit<ContainerExit, 'finishedAt'>): void => {
    const record = containers.get(id);
    if (!record || record.exit) return;
    const ended = { ...record, exit: { ...exit, finishedAt: new Date().toISOString() } };
    containers.set(id, ended);
    for (const listener of listeners) listener(ended);
  };
  const addressFor = ({ preferredIp }: SandboxSpec): string => {
    const taken = new Set([...sandboxes.values()].map(({ ip }) => ip));
    if (preferredIp?.startsWith('10.244.1.') && !taken.has(preferredIp)) return preferredIp;
    for (let host = 2; ; host++) if (!taken.has(`10.244.1.${host}`)) return `10.244.1.${host}`;
  };
  return {
    signals,
    specs,
    exit: (id, code) => end(id, { code }),
    breakSandbox: (id) => void broken.add(id),
    failNextStart: (error) => {
      failure = error;
    },
    restartNode() {
      listeners.length = 0;
      for (const id of containers.keys()) end(id, { code: lostExitCode, unknown: true });
      sandboxes.clear();
    },
    sandboxes: () => [...sandboxes.values()],
    containers: () => [...containers.values()],
    async createSandbox(spec) {
      const id = `sandbox-${++serial}`;
      const network = spec.hostNetwork ? {} : { netns: `/run/netns/cni-${id}`, ip: addressFor(spec) };
      const sandbox: Sandbox = { id, pod: spec.pod, createdAt: new Date().toISOString(), ...network };
      sandboxes.set(id, sandbox);
      return sandbox;
    },
    removeSandbox: async (id) => void sandboxes.delete(id),
    sandboxIntact: async (id) => sandboxes.has(id) && !broken.has(id),
    async startContainer(spec) {
      if (!sandboxes.has(spec.sandboxId)) throw new Error(`sandbox ${spec.sandboxId} does not exist`);
      if (failure) {
        const error = failure;
        failure = undefined;
        throw error;
      }
      specs.push(spec);
      const id = `container-${++serial}`;
      const { pod, sandboxId, name, attempt, backoffMs, terminal, stdin, stopSignal } = spec;
      const logPath = `/var/log/pods/${pod.namespace}_${pod.name}_${pod.uid}/${name}/${attempt}.log`;
      const image = { image: spec.image.reference, imageId: spec.image.digest };
      const startedAt = new Date().toISOString();
      const record = {
        id,
        pod,
        sandboxId,
        name,
        attempt,
        backoffMs,
        ...image,
        startedAt,
        pid: serial,
        terminal,
        stdin,
        stopSignal,
      };
      containers.set(id, { ...record, logPath });
      const program = options.program?.(spec);
      if (program?.afterMs === 0) end(id, { code: program.code });
      else if (program) setTimeout(() => end(id, { code: program.code }), program.afterMs);
      return containers.get(id) ?? { ...record, logPath };
    },
    async signal(id, signal) {
      if (containers.get(id)?.exit) return;
      signals.push({ id, signal });
      if (signal === 'KILL') end(id, { code: 137 });
      if (signal === 'TERM' && !options.ignoresTerm) end(id, { code: 143 });
    },
    async removeContainer(id) {
      const record = containers.get(id);
      if (record && !record.exit) throw new Error(`container ${id} is running`);
      containers.delete(id);
    },
    diskUsage: async () => 0,
    exec: async () => ({ stdout: '', stderr: '', code: 0 }),
    onExit: (listener) => void listeners.push(listener),
    refresh: async () => {},
    collectGarbage: async () => {},
  };
};
