// `labs doctor`: looks at everything that labs rests on, for real, and leaves nothing behind.

import { LabError, messageOf } from '../../kit/error.ts';
import type { Containers, EngineInfo } from '../docker/port.ts';
import { imageState, readImageInputs } from '../image/ensure.ts';
import { probeKernel } from './kernel.ts';
import { gibibyte, type Probe } from './probe.ts';

export interface DoctorOptions {
  readonly docker: Containers;
  /** The checkout. */
  readonly root: string;
  readonly signal?: AbortSignal | undefined;
}

/** All probes, in the order in which they are worth reading. Never throws for what it finds. */
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
    {
      name: 'cgroups',
      status: 'ok',
      detail: `version ${info.cgroupVersion}, ${info.rootless ? 'rootless engine' : 'engine as root'}`,
    },
    memoryProbe(info),
    cpuProbe(info),
    imageProbe('node image', state.node),
    imageProbe('pod images', state.pods),
    ...(state.node === 'present' ? await probeKernel(options.docker, state.image, options.signal) : [notProbed]),
  ];
};

const nodeProbe = (): Probe => {
  const recent = Number(process.versions.node.split('.')[0]) >= 24;
  return recent
    ? { name: 'Node', status: 'ok', detail: process.version }
    : {
        name: 'Node',
        status: 'failure',
        detail: process.version,
        remedy: 'Run `npm ci` in the checkout, which brings Node 24.',
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

/** 1.41 is Docker 20.10's: the oldest that private cgroup namespaces and all else here were tried on. */
const oldestApi = 1.41;

const apiProbe = ({ apiVersion }: EngineInfo): Probe => {
  const [major = '0', minor = '0'] = apiVersion.split('.');
  const old = Number(major) < 1 || (Number(major) === 1 && Number(minor) < 41);
  return old
    ? {
        name: 'Docker API',
        status: 'failure',
        detail: `${apiVersion}, needs ${oldestApi}`,
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
    remedy: 'A three-node lab takes about 700 MB: give the machine (or Docker Desktop) 2 GB or more.',
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
        detail: presence === 'outdated' ? 'made from earlier sources' : 'not made yet',
        remedy: 'Run `labs setup`; `labs start` makes it as well.',
      };

const notProbed: Probe = {
  name: 'kernel',
  status: 'warning',
  detail: 'not probed: that takes the node image',
  remedy: 'Run `labs setup`, then `labs doctor` again.',
};
