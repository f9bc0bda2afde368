// `labs doctor`: tries everything that labs needs on this machine, and leaves nothing behind.

import { LabError, messageOf } from '../../kit/error.ts';
import type { Containers, EngineInfo } from '../docker/port.ts';
import { type ImageState, imageState, readImageInputs } from '../image/ensure.ts';
import { engineProbes } from './engine-probes.ts';
import { probeKernel } from './kernel.ts';
import { gibibyte, type Probe } from './probe.ts';

export interface DoctorOptions {
  readonly docker: Containers;
  /** The checkout. */
  readonly root: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs all probes, in the order of the report. A failed probe is a result, not an error. */
export const examine = async (options: DoctorOptions): Promise<readonly Probe[]> => {
  const node = nodeProbe();
  const engine = await options.docker.engine(options.signal).catch((error: unknown) => error);
  if (engine instanceof Error) {
    options.signal?.throwIfAborted();
    return [node, failureOf('Docker', engine)];
  }
  const info = engine as EngineInfo;
  const inputs = await readImageInputs(options.root);
  const state = await imageState(options.docker, inputs, options.signal);
  return [
    node,
    dockerProbe(info),
    apiProbe(info),
    ...engineProbes(info),
    memoryProbe(info),
    cpuProbe(info),
    imageProbe('node image', state.node),
    imageProbe('pod images', state.pods),
    ...(info.rootless ? [] : await kernelProbesOf(options, state)),
  ];
};

/** Their container would not start on a rootless engine, whose own line says so. */
const kernelProbesOf = async (
  { docker, signal }: DoctorOptions,
  { node, image }: ImageState,
): Promise<readonly Probe[]> => (node === 'present' ? await probeKernel(docker, image, signal) : [notProbed]);

const nodeProbe = (): Probe => {
  const recent = Number(process.versions.node.split('.')[0]) >= 24;
  return recent
    ? { name: 'Node', status: 'ok', detail: process.version }
    : {
        name: 'Node',
        status: 'failure',
        detail: process.version,
        remedy: 'Install Node 24 or newer.',
      };
};

const failureOf = (name: string, error: Error): Probe => ({
  name,
  status: 'failure',
  detail: messageOf(error),
  ...(error instanceof LabError && error.hint ? { remedy: error.hint } : {}),
});

const dockerProbe = ({ version, operatingSystem, kernel, local }: EngineInfo): Probe => ({
  name: 'Docker',
  status: 'ok',
  detail: `${version} on ${operatingSystem}, kernel ${kernel}${local ? '' : ' (another machine)'}`,
});

/** The API version of Docker 20.10, the oldest engine that labs is tested with. */
const oldestApi = { major: 1, minor: 41 };

const apiProbe = ({ apiVersion }: EngineInfo): Probe => {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  const old = major < oldestApi.major || (major === oldestApi.major && minor < oldestApi.minor);
  return old
    ? {
        name: 'Docker API',
        status: 'failure',
        detail: `${apiVersion}; labs needs ${oldestApi.major}.${oldestApi.minor}`,
        remedy: 'Update Docker to 20.10 or newer.',
      }
    : { name: 'Docker API', status: 'ok', detail: apiVersion };
};

const memoryProbe = ({ memoryBytes }: EngineInfo): Probe => {
  const detail = `${(memoryBytes / gibibyte).toFixed(1)} GiB in the engine's machine`;
  if (memoryBytes >= 1.8 * gibibyte) return { name: 'memory', status: 'ok', detail };
  return {
    name: 'memory',
    status: memoryBytes >= 1 * gibibyte ? 'warning' : 'failure',
    detail,
    remedy: 'A three-node lab takes about 700 MB. Give the machine (or Docker Desktop) at least 2 GB.',
  };
};

const cpuProbe = ({ cpus }: EngineInfo): Probe =>
  cpus >= 2
    ? { name: 'processors', status: 'ok', detail: String(cpus) }
    : { name: 'processors', status: 'warning', detail: String(cpus), remedy: 'Two or more make a lab start faster.' };

const imageProbe = (name: string, presence: 'present' | 'outdated' | 'missing'): Probe =>
  presence === 'present'
    ? { name, status: 'ok', detail: 'up to date' }
    : {
        name,
        status: 'warning',
        detail: presence === 'outdated' ? 'outdated: made from earlier sources' : 'not made yet',
        remedy: 'Run `labs setup` to make it now; otherwise the next `labs start` makes it.',
      };

const notProbed: Probe = {
  name: 'kernel',
  status: 'warning',
  detail: 'not probed, because the node image is missing',
  remedy: 'Run `labs setup`, then `labs doctor` again.',
};
