// `labs start`: builds a new cluster or resumes an existing one, and undoes its own changes when it fails.
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import { UndoStack } from '../../kit/undo.ts';
import type { Containers } from '../docker/port.ts';
import { refuseInvalidCluster } from '../lab/validate.ts';
import { describeDifferences, differences } from '../plan/diff.ts';
import { machineNames } from '../plan/plan.ts';
import { bringUp, resume, setUpLab, wakeFabric } from './bring-up.ts';
import { busy } from './claim.ts';
import { BringUp, type StartRequest } from './context.ts';
import { findMachines, type Machine } from './machines.ts';
import { type Cluster, clusterOf } from './open.ts';
import { type RunOptions, runSteps } from './steps.ts';
import { removeMachines, stopMachines } from './stop.ts';

export interface StartOptions extends RunOptions {
  /** Called with the output lines of a long step, such as an image build. */
  readonly onProgress?: (line: string) => void;
}

export interface Started {
  readonly cluster: Cluster;
  /** The cluster existed already, stopped or running. */
  readonly resumed: boolean;
  /** Machines of it were started again. */
  readonly restarted: boolean;
  /** Problems that are no failure: a student may have caused those of a resumed cluster on purpose. */
  readonly warnings: readonly string[];
}

/**
 * Starts a cluster, or resumes the one with this name. A failure or an abort restores the state from before: a new
 * cluster is deleted, and a resumed one is stopped again.
 * @throws LabError LAB_PLAN_REFUSED, LAB_BUSY, LAB_CHANGED, LAB_DELETED, LAB_COMPONENT_DIED, LAB_TIMEOUT, and those of
 * Containers
 */
export const startCluster = async (
  containers: Containers,
  request: StartRequest,
  options: StartOptions,
): Promise<Started> => {
  refuseInvalidCluster(request.plan.name, request.plan.spec);
  const [fabric] = await findMachines(containers, request.plan.name, options.signal);
  const again = fabric !== undefined && (await isWorthResuming(containers, fabric, options.signal));
  try {
    const resumed = again ? await resumeCluster(containers, request, fabric, options) : undefined;
    if (!resumed) await removeInterrupted(containers, request.plan.name, fabric);
    const started = resumed ?? (await startAnew(containers, request, options));
    await releaseClaim(containers, started.cluster);
    return started;
  } catch (error) {
    throw firstCause(error, request.plan.name);
  }
};

const releaseClaim = async (containers: Containers, { name, fabric }: Cluster): Promise<void> => {
  try {
    await fabric.call('release', {});
  } catch (error) {
    throw (await findMachines(containers, name)).length > 0 ? error : deleted(name, error);
  }
};

/**
 * Removes the machines of an interrupted start; no student has worked in them. Lists them again, because Docker
 * may finish a creation after its start was killed. If the fabric is another container by now, another start was
 * faster.
 */
const removeInterrupted = async (containers: Containers, name: string, seen: Machine | undefined): Promise<void> => {
  const remains = await findMachines(containers, name);
  if (remains[0]?.role === 'fabric' && remains[0].id !== seen?.id) throw busy(name);
  await removeMachines(containers, remains);
};

const startAnew = async (containers: Containers, request: StartRequest, options: StartOptions): Promise<Started> => {
  await using undo = new UndoStack();
  const up = new BringUp({ containers, request, undo, onProgress: options.onProgress ?? (() => {}) });
  try {
    await runSteps(request.setup ? [...bringUp, setUpLab] : bringUp, up, options);
    await up.fabric.call('complete', {}, { signal: options.signal });
  } catch (error) {
    up.close();
    throw await orDeleted(up, error, options.signal);
  }
  undo.commit();
  return {
    cluster: clusterOf(containers, request.plan.name, up.fabric, up.machines),
    resumed: false,
    restarted: false,
    warnings: up.warnings,
  };
};

/** How long another start may take between creating its fabric and starting it. */
const creationMs = 5000;

/** A fabric that was created but not started belongs to a start in progress, or to a killed one. */
const isWorthResuming = async (containers: Containers, fabric: Machine, signal: AbortSignal): Promise<boolean> => {
  if (fabric.role !== 'fabric') return false;
  if (fabric.status !== 'created') return true;
  const started = eventually(
    'the other start continues',
    async () => {
      const status = (await containers.inspect(fabric.id, signal))?.status;
      return status === 'created' ? notYet(status) : done(status !== undefined);
    },
    { timeoutMs: creationMs, signal },
  );
  return await started.catch((error) => {
    if (error instanceof LabError && error.code === 'LAB_TIMEOUT') return false;
    throw error;
  });
};

/** @returns undefined when no start of this cluster has ever finished */
const resumeCluster = async (
  containers: Containers,
  request: StartRequest,
  fabric: Machine,
  options: StartOptions,
): Promise<Started | undefined> => {
  await using undo = new UndoStack();
  const up = new BringUp({ containers, request, undo, onProgress: options.onProgress ?? (() => {}) });
  up.ids.set(fabric.name, fabric.id);
  up.lenient = true;
  try {
    if (fabric.status !== 'running') undo.push(`start ${fabric.container}`, () => stopMachines(containers, [fabric]));
    await runSteps([wakeFabric], up, options);
    if (!up.completed) {
      undo.commit();
      up.close();
      return undefined;
    }
    // Listed only now: while this start holds the claim, no other start adds or removes machines.
    const found = await findMachines(containers, request.plan.name, options.signal);
    refuseDifferent(request, found);
    for (const machine of found) up.ids.set(machine.name, machine.id);
    up.stopped = found.filter(({ status }) => status !== 'running');
    undo.push(`start ${request.plan.name}`, () => stopMachines(containers, up.stopped));
    await runSteps(resume, up, options);
    undo.commit();
    const cluster = clusterOf(containers, request.plan.name, up.fabric, up.machines);
    return { cluster, resumed: true, restarted: up.stopped.length > 0, warnings: up.warnings };
  } catch (error) {
    up.close();
    // The fabric belongs to another start, so this start must not stop it.
    if (error instanceof LabError && error.code === 'LAB_BUSY') undo.commit();
    throw await orDeleted(up, error, options.signal);
  }
};

/**
 * A user may delete a cluster while another terminal starts it. Docker then says only which container is missing.
 * Called before the undo, which removes containers, too.
 */
const orDeleted = async (
  { containers, ids, request }: BringUp,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> => {
  if (signal.aborted || (error instanceof LabError && error.refusal)) return error;
  // `labs delete` removes the gateway first, which is not among the machines.
  if (error instanceof LabError && error.code === 'LAB_CONTAINER_MISSING') return deleted(request.plan.name, error);
  const isGone = async (id: string): Promise<boolean> => (await containers.inspect(id)) === undefined;
  const gone = await Promise.all([...ids.values()].map(isGone)).catch((): boolean[] => []);
  return gone.includes(true) ? deleted(request.plan.name, error) : error;
};

const deleted = (name: string, cause: unknown): LabError =>
  new LabError('LAB_DELETED', `${name} was deleted while it was starting`, {
    cause,
    hint: 'Run `labs start` to build it again.',
  });

/**
 * Refuses a cluster of another lab, with another specification, or without one of its machines. Changed tasks and
 * scripts don't matter: an author edits them while the cluster runs.
 */
const refuseDifferent = ({ plan }: StartRequest, found: readonly Machine[]): void => {
  const [fabric] = found;
  const missing = machineNames(plan.spec).filter((machine) => !found.some(({ name }) => name === machine));
  const changed = differences(JSON.parse(fabric?.spec || '{}'), JSON.parse(JSON.stringify(plan.spec)));
  const lines = describeDifferences(changed.slice(0, 8)).map((line) => `  ${line}`);
  const why =
    fabric?.lab !== plan.lab
      ? `${plan.name} is a cluster of another lab, ${fabric?.lab}`
      : changed.length > 0
        ? `The definition of ${plan.lab} has changed since ${plan.name} was started:\n${lines.join('\n')}`
        : missing.length > 0
          ? `${plan.name} is incomplete: ${missing.join(', ')} no longer exists`
          : undefined;
  if (why === undefined) return;
  const isMissing = fabric?.lab === plan.lab && changed.length === 0;
  throw new LabError('LAB_CHANGED', why, {
    exitCode: isMissing ? ExitCode.broken : ExitCode.usage,
    refusal: true,
    hint: isMissing
      ? `Run \`labs reset ${plan.name}\`, which builds the cluster anew.`
      : `Run \`labs delete ${plan.name}\` first, or use \`--name\` to start a second cluster.`,
  });
};

/** When the undo fails, too, the message has both errors; the code is that of the first one. */
const firstCause = (error: unknown, name: string): unknown => {
  if (!(error instanceof SuppressedError)) return error;
  const first = firstCause(error.suppressed, name);
  return new LabError(
    first instanceof LabError ? first.code : 'LAB_START_FAILED',
    `${messageOf(first)}\nNot everything could be undone: ${messageOf(error.error)}`,
    { cause: error, hint: `Run \`labs delete ${name}\`.` },
  );
};
