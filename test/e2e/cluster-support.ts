// Shared by the end-to-end tests of the cluster: Docker, the node image, and the built components.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterSpec } from '../../src/api/cluster.ts';
import { parseCidr, parseIpv4 } from '../../src/api/scalars.ts';
import type { StartRequest } from '../../src/host/cluster/context.ts';
import { bundlesIn } from '../../src/host/cluster/install.ts';
import { type Started, startCluster } from '../../src/host/cluster/start.ts';
import type { StepEvent } from '../../src/host/cluster/steps.ts';
import { deleteCluster } from '../../src/host/cluster/stop.ts';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import { ensureImages } from '../../src/host/image/ensure.ts';
import { inMachine } from '../../src/host/plan/boot.ts';
import { labels } from '../../src/host/plan/names.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const docker = await connectDocker(process.env);

/** The smallest cluster with all roles: a control plane, a worker, a client. */
export const spec: ClusterSpec = {
  nodes: [
    { name: 'controlplane', role: 'control-plane' },
    { name: 'node01', role: 'worker' },
  ],
  clients: [{ name: 'client' }],
  nodeCidr: parseCidr('192.168.56.0/24'),
  podCidr: parseCidr('10.244.0.0/16'),
  serviceCidr: parseCidr('10.96.0.0/12'),
  dnsAddress: parseIpv4('10.96.0.10'),
  podNetwork: 'routes',
  proxy: { verbosity: 4 },
};

export const requestFor = (name: string, change: Partial<StartRequest> = {}): StartRequest => ({
  plan: { name, lab: 'e2e', definitionDigest: 'sha256:e2e', spec, version: 'test' },
  bundles: bundlesIn(join(root, 'dist')),
  ensureImage: async (signal) => {
    const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'labs');
    return (await ensureImages({ docker, root, cacheFolder, variables: process.env, signal })).image;
  },
  ...change,
});

export interface Tried {
  readonly events: readonly StepEvent[];
  readonly started?: Started;
  readonly error?: unknown;
}

/** Starts a cluster, and returns its events and its result or error. */
export const tryStart = async (
  request: StartRequest,
  onEvent: (event: StepEvent) => void = () => {},
  signal = new AbortController().signal,
): Promise<Tried> => {
  const events: StepEvent[] = [];
  try {
    const started = await startCluster(docker, request, {
      signal,
      onEvent: (event) => {
        events.push(event);
        onEvent(event);
      },
    });
    return { events, started };
  } catch (error) {
    return { events, error };
  }
};

/** Starts a cluster. A failure fails the test. */
export const mustStart = async (request: StartRequest): Promise<Started & Tried> => {
  const tried = await tryStart(request);
  if (!tried.started) throw tried.error;
  return { ...tried.started, ...tried };
};

/** The names of all containers of a cluster. */
export const containersOf = async (name: string): Promise<readonly string[]> =>
  (await docker.list({ [labels.name]: name })).map((container) => container.name).sort();

export const kubectl = async (name: string, ...command: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await docker.exec(`labs-${name}-controlplane`, {
    command: inMachine(['kubectl', ...command]),
  });
  if (exitCode !== 0) throw new Error(`kubectl ${command.join(' ')}: ${stderr}`);
  return stdout.trim();
};

export const cleanUp = async (...names: readonly string[]): Promise<void> => {
  await Promise.all(names.map((name) => deleteCluster(docker, name)));
};
