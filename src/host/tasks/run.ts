// Beginning a task (its setup puts the cluster into the task's starting state) and solving it the author's way.
import type { LabDefinition, SetupScript, SolveHandle, SolveScript, TaskDefinition } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { createHandle } from '../grade/handle.ts';
import { importScript } from '../grade/script.ts';
import type { ProgressStore } from './progress.ts';

export interface TaskRun {
  readonly lab: LabDefinition;
  readonly task: TaskDefinition;
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
  readonly signal: AbortSignal;
}

/** Whether the task waits to be begun: it has a setup, and that hasn't run in this instance. */
export const waitsToBegin = (task: TaskDefinition, progress: { readonly begun: readonly string[] }): boolean =>
  task.setup !== undefined && !progress.begun.includes(task.id);

/**
 * Runs the task's setup, once per instance; `again` runs it anew.
 * @throws LabError `LAB_SETUP_FAILED`
 */
export const beginTask = async (run: TaskRun, options: { readonly again?: boolean } = {}): Promise<void> => {
  const { setup, id } = run.task;
  if (setup === undefined) return;
  if (!options.again && !waitsToBegin(run.task, await run.progress.read())) return;
  const script = await importScript<SetupScript>(setup, 'setup');
  try {
    await script(createHandle(run));
  } catch (cause) {
    throw new LabError('LAB_SETUP_FAILED', `Task "${id}" could not be set up: ${messageOf(cause)}`, {
      cause,
      hint: 'Look at the cluster with `labs status`; `labs reset` starts afresh.',
    });
  }
  await run.progress.begin(id);
};

/**
 * Does the task as its author would: begins it where needed, runs its solution, records its answers.
 * @throws LabError `LAB_SOLVE_MISSING`, `LAB_SOLVE_FAILED`
 */
export const solveTask = async (run: TaskRun): Promise<void> => {
  const { solve, id, checks } = run.task;
  if (solve === undefined)
    throw new LabError('LAB_SOLVE_MISSING', `Task "${id}" has no solution`, { exitCode: ExitCode.usage });
  await beginTask(run);
  const script = await importScript<SolveScript>(solve, 'solve');
  const handle: SolveHandle = {
    ...createHandle(run),
    async answer(check, value) {
      if (!checks.some((known) => known.id === check && known.type === 'answer'))
        throw new Error(`task "${id}" has no question "${check}"`);
      await run.progress.answer(`${id}/${check}`, value.trim());
    },
  };
  try {
    await script(handle);
  } catch (cause) {
    throw new LabError('LAB_SOLVE_FAILED', `The solution of task "${id}" failed: ${messageOf(cause)}`, { cause });
  }
};
