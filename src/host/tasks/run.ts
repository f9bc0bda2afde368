// Begins a task (its setup puts the cluster into the starting state) and solves a task with the author's script.
import type { LabDefinition, SetupScript, SolveHandle, SolveScript, TaskDefinition } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { isQuestion } from '../grade/checks/answer.ts';
import { createHandle } from '../grade/handle.ts';
import { importScript } from '../grade/script.ts';
import { waitsToBegin } from '../grade/student.ts';
import type { ProgressStore } from './progress.ts';

export interface TaskRun {
  readonly lab: LabDefinition;
  readonly task: TaskDefinition;
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
  readonly signal: AbortSignal;
}

/**
 * Runs the task's setup, once per instance. With `again`, the setup runs even when it ran before.
 * @throws LabError `LAB_SETUP_FAILED`
 */
export const beginTask = async (run: TaskRun, options: { readonly again?: boolean } = {}): Promise<void> => {
  if (!options.again && !waitsToBegin(run.task, await run.progress.read())) return;
  await runSetup(run, ['setup']);
};

/**
 * Breaks again what a restart of the machines may have mended: runs `resume` of the setup's script, or else the setup.
 * Tasks that have passed, and tasks that began in the present run, stay as they are.
 * @returns whether the script ran
 * @throws LabError `LAB_SETUP_FAILED`
 */
export const resumeTask = async (run: TaskRun): Promise<boolean> => {
  const { begun, passed, begunIn } = await run.progress.read();
  const { id } = run.task;
  if (!begun.includes(id) || passed.includes(id) || begunIn[id] === runOf(run.access)) return false;
  await runSetup(run, ['resume', 'setup']);
  return true;
};

/** Names the present run of the machines. After a restart, the processes have other ids. */
const runOf = ({ machines }: ClusterAccess): string => machines.map(({ name, pid }) => `${name}:${pid}`).join(' ');

const runSetup = async (run: TaskRun, exports: readonly string[]): Promise<void> => {
  const { setup, id } = run.task;
  if (setup === undefined) return;
  const script = await importScript<SetupScript>(setup, ...exports);
  try {
    await script(createHandle(run));
  } catch (cause) {
    throw new LabError('LAB_SETUP_FAILED', `Task "${id}" could not be set up: ${messageOf(cause)}`, {
      cause,
      hint: 'Look at the cluster with `labs status`, or start over with `labs reset`.',
    });
  }
  await run.progress.begin(id, runOf(run.access));
};

/**
 * Solves the task with the author's script: begins the task if needed, runs the script, records the script's answers.
 * @throws LabError `LAB_SOLVE_MISSING`, `LAB_SOLVE_FAILED`
 */
export const solveTask = async (run: TaskRun): Promise<void> => {
  const { solve, id, checks } = run.task;
  if (solve === undefined)
    throw new LabError('LAB_SOLVE_MISSING', `Task "${id}" has no solution`, { exitCode: ExitCode.usage });
  const before = await run.progress.read();
  await beginTask(run);
  const script = await importScript<SolveScript>(solve, 'solve');
  const handle: SolveHandle = {
    ...createHandle(run),
    async answer(check, value) {
      if (!checks.some((known) => known.id === check && isQuestion(known)))
        throw new Error(`task "${id}" has no question "${check}"`);
      await run.progress.answer(`${id}/${check}`, value.trim());
    },
  };
  try {
    await script(handle);
  } catch (cause) {
    throw new LabError('LAB_SOLVE_FAILED', `The solution of task "${id}" failed: ${messageOf(cause)}`, { cause });
  }
  if (!before.passed.includes(id)) await run.progress.recordSolved(id);
};
