// `labs setup`: everything that labs needs on this machine, as a list of steps that can be shown before anything is done.
// Each step looks first and does only what is missing: run again after an interruption, it goes on from there.
import { LabError } from '../../kit/error.ts';
import { runSteps, type Step, type RunOptions as StepOptions } from '../cluster/steps.ts';
import type { Variables } from '../docker/endpoint.ts';
import type { Containers } from '../docker/port.ts';
import { type Base, chooseBase } from '../image/build.ts';
import { ensureImages, imageState, readImageInputs } from '../image/ensure.ts';
import { type EngineState, engineState, installPackages, permitEngine, startEngine } from './engine.ts';
import type { Machine } from './machine.ts';

export interface SetupOptions {
  readonly docker: Containers;
  readonly machine: Machine;
  /** The checkout. */
  readonly root: string;
  readonly cacheFolder: string;
  readonly variables: Variables;
  /** What a step's programs say while they run. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

export interface SetupPlan {
  /** One sentence each, in order: what will be done. Empty: nothing is missing. */
  readonly intentions: readonly string[];
  readonly steps: readonly Step<SetupOptions>[];
}

/**
 * Looks at the machine and says what is missing. Changes nothing.
 * @throws LabError LAB_SETUP_MANUAL where labs can't install Docker itself; its hint says what to do
 */
export const planSetup = async (options: SetupOptions): Promise<SetupPlan> => {
  const { docker, machine, variables } = options;
  const state = await engineState(docker, variables);
  if (state !== 'ready') refuseWhatWeCannotMend(state, machine);
  const images = state === 'ready' ? await imageState(docker, await readImageInputs(options.root)) : undefined;
  const imagesMissing = images?.node !== 'present' || images.pods !== 'present';
  const wanted: readonly [boolean, string, Step<SetupOptions>][] = [
    [state === 'missing', 'install the Docker Engine (Debian package docker.io)', installEngine],
    [state !== 'ready' && state !== 'forbidden', 'start the Docker daemon', startDaemon],
    [state !== 'ready' && !machine.isRoot, `let ${machine.user} use Docker (group docker)`, permit],
    [
      imagesMissing,
      'make the node image and the pod images (about a minute, 1 GB; mmdebstrap if no registry answers)',
      makeImages,
    ],
  ];
  const chosen = wanted.filter(([needed]) => needed);
  // One after the other: each needs what the one before it made.
  const steps = chosen.map(([, , step], index) => ({
    ...step,
    needs: chosen.slice(0, index).map(([, , { name }]) => name),
  }));
  return { intentions: chosen.map(([, intention]) => intention), steps };
};

/** Does what the plan says. */
export const runSetup = (plan: SetupPlan, options: SetupOptions, events: StepOptions): Promise<void> =>
  runSteps(plan.steps, options, events);

const refuseWhatWeCannotMend = (state: EngineState, machine: Machine): void => {
  if (machine.platform === 'darwin')
    throw manual(
      'On macOS, Docker comes as an application',
      'Install and start Docker Desktop or Colima (`brew install colima docker && colima start`)',
    );
  if (machine.platform !== 'linux')
    throw manual(
      'On Windows, labs runs in WSL 2',
      'Open a WSL 2 terminal (`wsl --install -d Debian`) and run labs there',
    );
  if (state === 'missing' && !machine.has('apt-get'))
    throw manual(
      'The Docker Engine is missing, and this is neither Debian nor Ubuntu',
      'Install and start it as https://docs.docker.com/engine/install/ says for this system',
    );
};

const manual = (message: string, todo: string): LabError =>
  new LabError('LAB_SETUP_MANUAL', message, { hint: `${todo}, then run \`labs setup\` again.` });

const step = (name: string, title: string, run: Step<SetupOptions>['run']): Step<SetupOptions> => ({
  name,
  title,
  needs: [],
  run,
});

const installEngine = step(
  'install-docker',
  'Installing the Docker Engine',
  async ({ machine, onProgress }, signal) => {
    // Its package only recommends these: without iptables the daemon doesn't start, and on a kernel with AppArmor no container does.
    const packages = ['docker.io', 'iptables', 'apparmor', 'ca-certificates'];
    await installPackages(machine, { packages, programs: ['dockerd', 'iptables'] }, { onProgress, signal });
  },
);

const startDaemon = step('start-docker', 'Starting Docker', async ({ docker, machine, onProgress }, signal) => {
  const { version } = await docker.engine(signal).catch(async () => {
    await startEngine(machine, docker, { onProgress, signal });
    return await docker.engine(signal).catch(() => ({ version: '' }));
  });
  return version;
});

const permit = step('permit-docker', 'Allowing the use of Docker', async ({ docker, machine, onProgress }, signal) => {
  const allowed = await docker.engine(signal).then(
    () => true,
    () => false,
  );
  return allowed ? 'allowed already' : await permitEngine(machine, docker, { onProgress, signal });
});

const makeImages = step('images', 'Making the images', async (options, signal) => {
  const { docker, machine, onProgress } = options;
  const base = await chooseBase({ docker, onProgress, signal });
  if (base === 'bootstrap') await installBootstrap(machine, { onProgress, signal });
  const { made } = await ensureImages({ ...options, base: base satisfies Base, signal });
  return made.join(' and ');
});

/** Without a registry, Debian's packages are put together on this machine. */
const installBootstrap = async (
  machine: Machine,
  options: { onProgress: SetupOptions['onProgress']; signal: AbortSignal },
): Promise<void> => {
  if (machine.has('mmdebstrap')) return;
  if (!machine.has('apt-get'))
    throw manual(
      'No registry answers, and there is no apt-get to make the image with',
      'Load debian:trixie-slim into Docker (`docker load`)',
    );
  // uidmap: lets mmdebstrap work in a user namespace where we aren't root.
  const packages = ['mmdebstrap', 'debian-archive-keyring', ...(machine.isRoot ? [] : ['uidmap'])];
  await installPackages(machine, { packages, programs: ['mmdebstrap'] }, options);
};
