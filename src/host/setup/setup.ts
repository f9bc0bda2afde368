// `labs setup`: plans and runs the steps that prepare this machine for labs. The plan can be shown before anything
// changes. Each step does only what is missing, so setup continues after an interruption.
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
  /** Called with the output of a step's programs. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

export interface SetupPlan {
  /** The planned changes, one phrase each, in order. Empty when nothing is missing. */
  readonly intentions: readonly string[];
  readonly steps: readonly Step<SetupOptions>[];
}

interface Wanted {
  readonly needed: boolean;
  /** What the step changes on the machine, as a phrase after "labs will". */
  readonly intention: string;
  readonly step: Step<SetupOptions>;
}

/**
 * Finds out what is missing on the machine. Changes nothing.
 * @throws LabError LAB_SETUP_MANUAL when labs can't install Docker; the hint says what to do by hand
 */
export const planSetup = async (options: SetupOptions): Promise<SetupPlan> => {
  const { docker, machine, variables } = options;
  const state = await engineState(docker, variables);
  if (state !== 'ready') refuseManualSystems(state, machine);
  const images = state === 'ready' ? await imageState(docker, await readImageInputs(options.root)) : undefined;
  const imagesMissing = images?.node !== 'present' || images.pods !== 'present';
  const wanted: readonly Wanted[] = [
    {
      needed: state === 'missing',
      intention: 'install the Docker Engine (Debian package docker.io)',
      step: installEngine,
    },
    { needed: state !== 'ready' && state !== 'forbidden', intention: 'start the Docker daemon', step: startDaemon },
    {
      needed: state !== 'ready' && !machine.isRoot,
      intention: `let ${machine.user} use Docker (group docker)`,
      step: permit,
    },
    {
      needed: imagesMissing,
      intention:
        'make the node image and the pod images (about a minute, 1 GB; installs mmdebstrap if no registry answers)',
      step: makeImages,
    },
  ];
  const chosen = wanted.filter(({ needed }) => needed);
  // Each step needs the result of the one before it.
  const steps = chosen.map(({ step }, index) => ({
    ...step,
    needs: chosen.slice(0, index).map((before) => before.step.name),
  }));
  return { intentions: chosen.map(({ intention }) => intention), steps };
};

/** Runs the steps of the plan. */
export const runSetup = (plan: SetupPlan, options: SetupOptions, events: StepOptions): Promise<void> =>
  runSteps(plan.steps, options, events);

const refuseManualSystems = (state: EngineState, machine: Machine): void => {
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
    // The package docker.io only recommends the others. Without iptables the daemon doesn't start; on a kernel with
    // AppArmor, no container starts without apparmor.
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

/** Installs mmdebstrap, which makes the base image when no registry answers. */
const installBootstrap = async (
  machine: Machine,
  options: { onProgress: SetupOptions['onProgress']; signal: AbortSignal },
): Promise<void> => {
  if (machine.has('mmdebstrap')) return;
  if (!machine.has('apt-get'))
    throw manual(
      'No registry answers, and without apt-get this machine cannot make the image',
      'Load debian:trixie-slim into Docker (`docker load`)',
    );
  // uidmap lets mmdebstrap use a user namespace when it does not run as root.
  const packages = ['mmdebstrap', 'debian-archive-keyring', ...(machine.isRoot ? [] : ['uidmap'])];
  await installPackages(machine, { packages, programs: ['mmdebstrap'] }, options);
};
