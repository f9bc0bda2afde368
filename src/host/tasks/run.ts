// Runs the scripts of one task: begins it (setup), breaks it again after a restart (resume), solves it, clears it.
import type { LabDefinition, Language, TaskDefinition } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { repeatUntil } from '../../kit/repeat.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { createCalls } from '../grade/calls.ts';
import { isQuestion } from '../grade/checks/answer.ts';
import { gradeLab } from '../grade/engine.ts';
import { waitsToBegin } from '../grade/student.ts';
import { checkCall } from '../script/arguments.ts';
import type { LabCalls } from '../script/calls.ts';
import type { Scripts } from '../script/scripts.ts';
import type { ProgressStore } from './progress.ts';

export interface TaskRun {
  readonly lab: LabDefinition;
  readonly task: TaskDefinition;
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
  /** The student's. Default: English. */
  readonly language?: Language;
  readonly signal: AbortSignal;
  /** Is told what a long wait waits for. */
  readonly onWait?: (what: string) => void;
}

/**
 * Runs the task's setup, once per instance, and looks whether a check fails then. With `again`, the setup runs even
 * when it ran before.
 * @throws LabError `LAB_SETUP_FAILED`, `LAB_SETUP_NO_EFFECT`
 */
export const beginTask = async (run: TaskRun, options: { readonly again?: boolean } = {}): Promise<void> => {
  if (!options.again && !waitsToBegin(run.task, await run.progress.read())) return;
  await runSetup(run, ['setup'], seenToFail);
};

/**
 * Breaks again what a restart of the machines may have mended: runs `resume` of the setup's script, or else the setup.
 * Tasks that have passed, and tasks that began in the present run, stay as they are.
 * @returns whether something was broken again
 * @throws LabError `LAB_SETUP_FAILED`, `LAB_SETUP_NO_EFFECT`
 */
export const resumeTask = async (run: TaskRun): Promise<boolean> => {
  const { begun, passed, begunIn } = await run.progress.read();
  const { id } = run.task;
  if (!begun.includes(id) || passed.includes(id) || begunIn[id] === runOf(run.access)) return false;
  return (await runSetup(run, ['resume', 'setup'], seenToFail)) !== false;
};

/** Names the present run of the machines. After a restart, the processes have other ids. */
export const runOf = ({ machines }: ClusterAccess): string =>
  machines.map(({ name, pid }) => `${name}:${pid}`).join(' ');

const runSetup = async (
  run: TaskRun,
  exports: readonly string[],
  look?: (run: TaskRun, acted: boolean) => Promise<void>,
): Promise<unknown> => {
  const { setup, id } = run.task;
  if (setup === undefined) return false;
  let acted = false;
  const result = await runScript(run, setup, {
    names: exports,
    failed: (cause) => failed('LAB_SETUP_FAILED', `Task "${id}" could not be set up`, cause),
    onAct: () => {
      acted = true;
    },
  });
  if (result !== false) await look?.(run, acted);
  await run.progress.begin(id, runOf(run.access));
  return result;
};

/**
 * Waits until a check of the task fails. A setup runs programs of the nodes, where the student is root: programs that
 * do nothing would leave the task solved before it begins.
 * @param acted whether the script called something that can change the cluster: else one look is enough
 * @throws LabError `LAB_SETUP_NO_EFFECT`
 */
const seenToFail = async (run: TaskRun, acted: boolean): Promise<void> => {
  const { lab, task, access, progress, language = 'en', signal } = run;
  const checks = task.checks.filter((check) => !isQuestion(check));
  if (checks.length === 0) return;
  const student = await progress.read();
  const options = { lab, access, language, signal, tasks: [task.id], once: true };
  let looks = 0;
  const look = async (): Promise<boolean> => {
    looks += 1;
    if (looks === 2) run.onWait?.(`Waiting up to ${noEffectMs / 1000} s until a check of the task fails`);
    const { tasks } = await gradeLab({ ...options, progress: { ...student, begun: [...student.begun, task.id] } });
    const outcomes = new Map(tasks[0]?.checks.map(({ id, outcome }) => [id, outcome]));
    return checks.some(({ id }) => outcomes.get(id) !== 'pass');
  };
  if (await repeatUntil(look, Boolean, { timeoutMs: acted ? noEffectMs : 0, signal })) return;
  const number = lab.tasks.indexOf(task) + 1;
  const message = `Task ${number} could not begin: after its preparation, every check passes`;
  throw new LabError('LAB_SETUP_NO_EFFECT', message, {
    exitCode: ExitCode.broken,
    hint:
      'Programs of the nodes may have been replaced. `labs reset` builds the lab anew. If the task cannot ' +
      'begin then, its script `setup` is wrong: the script must make a check of the task fail.',
  });
};

/** kube-proxy and the kubelet act on a change within two seconds. */
const noEffectMs = 15_000;

/** @throws LabError `LAB_SOLVE_MISSING` */
export const refuseUnsolvable = ({ id, solve }: TaskDefinition): void => {
  if (solve === undefined)
    throw new LabError('LAB_SOLVE_MISSING', `Task "${id}" has no solution`, { exitCode: ExitCode.usage });
};

/**
 * Solves the task with the author's script: begins the task if needed, runs the script, records the script's answers.
 * @throws LabError `LAB_SOLVE_MISSING`, `LAB_SOLVE_FAILED`
 */
export const solveTask = async (run: TaskRun): Promise<void> => {
  const { id } = run.task;
  refuseUnsolvable(run.task);
  const before = await run.progress.read();
  await beginTask(run);
  await runSolution(run, (check, value) => run.progress.answer(`${id}/${check}`, value));
  if (!before.passed.includes(id)) await run.progress.recordSolved(id);
};

/**
 * Makes the state of the cluster that the task's solution leads to. A task without a solution changes nothing.
 * @throws LabError `LAB_SETUP_FAILED`, `LAB_SOLVE_FAILED`
 */
export const replayTask = async (run: TaskRun, keepAnswer: KeepAnswer): Promise<void> => {
  if (run.task.solve === undefined) return;
  // What labs does for the student gives no points, so it does not matter whether the setup broke anything.
  if (waitsToBegin(run.task, await run.progress.read())) await runSetup(run, ['setup']);
  await runSolution(run, keepAnswer);
};

/** Takes an answer that a solution gives. @param check the check's id in its task */
export type KeepAnswer = (check: string, value: string) => Promise<void>;

/** Runs one of the author's wrong solutions, and records its answers. @throws LabError `LAB_CHEAT_FAILED` */
export const cheatTask = (run: TaskRun, file: string): Promise<void> =>
  runSolution(run, (check, value) => run.progress.answer(`${run.task.id}/${check}`, value), {
    file,
    name: 'cheat',
    failed: (cause) => failed('LAB_CHEAT_FAILED', `The wrong solution of task "${run.task.id}" failed`, cause),
  });

interface Solution extends Pick<ScriptRun, 'failed'> {
  readonly file: string;
  readonly name: string;
}

const solutionOf = ({ solve = '', id }: TaskDefinition): Solution => ({
  file: solve,
  name: 'solve',
  failed: (cause) => failed('LAB_SOLVE_FAILED', `The solution of task "${id}" failed`, cause),
});

const runSolution = async (run: TaskRun, keepAnswer: KeepAnswer, solution = solutionOf(run.task)): Promise<void> => {
  const { id, checks } = run.task;
  let unkept: unknown;
  const answer: KeepAnswer = async (check, value) => {
    checkCall('answer', [check, value]);
    if (!checks.some((known) => known.id === check && isQuestion(known)))
      throw new Error(`task "${id}" has no question "${check}"`);
    await keepAnswer(check, value.trim()).catch((cause) => {
      unkept = cause;
      throw cause;
    });
  };
  try {
    await runScript(run, solution.file, { names: [solution.name], failed: solution.failed, answer });
  } catch (error) {
    // The solution is right, but the disk that keeps the answer may be full.
    throw unkept ?? error;
  }
};

/** Sets the nodes back to how the lab starts, if the lab has a script for it. @throws LabError `LAB_RESTORE_FAILED` */
export const restoreLab = async (run: Omit<TaskRun, 'task'>): Promise<void> => {
  if (run.lab.restore === undefined) return;
  await runScript(run, run.lab.restore, {
    names: ['restore'],
    failed: (cause) => failed('LAB_RESTORE_FAILED', 'The nodes could not be set back to how the lab starts', cause),
  });
};

/** Whether the task's scripts say how to remove what the task makes. */
export const canClear = async (task: TaskDefinition, scripts: Scripts): Promise<boolean> =>
  (await findClear(task, scripts)) !== undefined;

/** Removes what the task makes in the cluster, if its scripts say how. @throws LabError `LAB_CLEAR_FAILED` */
export const clearTask = async (run: TaskRun): Promise<void> => {
  const file = await findClear(run.task, run.access.scripts);
  if (file === undefined) return;
  await runScript(run, file, {
    names: ['clear'],
    failed: (cause) => failed('LAB_CLEAR_FAILED', `What task "${run.task.id}" makes could not be removed`, cause),
  });
};

/** @returns the script that removes what the task makes */
const findClear = async ({ clear, setup, solve }: TaskDefinition, scripts: Scripts): Promise<string | undefined> => {
  for (const file of new Set([clear, setup, solve]))
    if (file !== undefined && (await scripts.exportsOf(file)).includes('clear')) return file;
  return undefined;
};

export interface ScriptRun {
  /** The first of these functions that the script exports is called. */
  readonly names: readonly string[];
  /** The error when the function fails. */
  readonly failed: (cause: unknown) => LabError;
  /** Called when the script calls a function that can change the cluster. */
  readonly onAct?: () => void;
  readonly answer?: KeepAnswer;
}

/** A script may wait for pods and components to start on a busy machine. */
const scriptMs = 300_000;

/** @throws LabError `failed` when the function fails, `LAB_SCRIPT_BROKEN` when it cannot run or does not end */
export const runScript = async (
  run: Omit<TaskRun, 'task' | 'progress'>,
  file: string,
  { names, failed: failure, onAct, answer }: ScriptRun,
): Promise<unknown> => {
  const calls: LabCalls = { ...noting(createCalls(run), onAct), ...(answer ? { answer } : {}) };
  try {
    return await run.access.scripts.run(file, { names, calls, timeoutMs: scriptMs, signal: run.signal });
  } catch (cause) {
    run.signal.throwIfAborted();
    if (cause instanceof LabError && cause.code === 'LAB_SCRIPT_BROKEN') throw cause;
    throw failure(cause);
  }
};

/** The calls that can change the cluster. */
const acting = ['run', 'systemctl', 'restoreRules', 'kubectl', 'apply', 'installProxy', 'removeProxy'] as const;

const noting = (calls: LabCalls, onAct: () => void = () => {}): LabCalls => ({
  ...calls,
  ...Object.fromEntries(
    acting.map((name) => [
      name,
      (...args: readonly unknown[]) => {
        onAct();
        return (calls[name] as (...given: readonly unknown[]) => unknown)(...args);
      },
    ]),
  ),
});

export const failed = (code: string, what: string, cause: unknown): LabError =>
  failedWith(code, what, {
    cause,
    hint:
      'Look at the cluster with `labs status`, or start over with `labs reset`. If the error comes again, ' +
      'the script of the lab must be corrected.',
  });

/** While the cluster is made: labs removes it then. */
export const failedFirst = (code: string, what: string, cause: unknown): LabError =>
  failedWith(code, what, {
    cause,
    hint:
      'Its cluster was removed, so start the lab again. If the error comes again, ' +
      'the script of the lab must be corrected.',
  });

const failedWith = (
  code: string,
  what: string,
  { cause, hint }: { readonly cause: unknown; readonly hint: string },
): LabError =>
  new LabError(code, `${what}: ${messageOf(cause)}`, {
    cause,
    hint:
      cause instanceof LabError && cause.code === 'LAB_SCRIPT_FAILED' && cause.hint !== undefined ? cause.hint : hint,
  });
