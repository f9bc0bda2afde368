// Brings the cluster into the state that a task starts from: for `labs goto TASK` and `labs reset TASK`.
import type { LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { Report, TaskReport } from '../../api/report.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { gradeLab } from '../grade/engine.ts';
import { waitsToBegin, whoeverDid } from '../grade/student.ts';
import type { Scripts } from '../script/scripts.ts';
import { stateChecks } from './latest.ts';
import type { Progress } from './progress-changes.ts';
import { beginTask, canClear, clearTask, type KeepAnswer, replayTask, restoreLab, type TaskRun } from './run.ts';

/** What `labs goto` does with the tasks of the lab. */
export interface GotoPlan {
  /** Earlier tasks that have passed. They stay passed. */
  readonly keep: readonly TaskDefinition[];
  /** Earlier tasks that labs does. They give no points that were not earned before. */
  readonly skip: readonly TaskDefinition[];
  /** The task and later tasks of which something is in the cluster. What they make is removed. */
  readonly remove: readonly TaskDefinition[];
}

/**
 * @param report of all tasks, at present
 * @throws LabError `LAB_SOLVE_MISSING` if labs cannot do a task before
 */
export const planGoto = async (
  lab: LabDefinition,
  target: TaskDefinition,
  { report, progress, scripts }: { readonly report: Report; readonly progress: Progress; readonly scripts: Scripts },
): Promise<GotoPlan> => {
  const at = lab.tasks.indexOf(target);
  const [before, after] = [lab.tasks.slice(0, at), lab.tasks.slice(at)];
  const { passed, begun, skipped } = progress;
  const left = await Promise.all(
    after.map(async (task) => {
      const touched = begun.includes(task.id) || passed.includes(task.id) || skipped[task.id] !== undefined;
      return (touched || stateOf(task, report).some(({ outcome }) => outcome === 'pass')) && canClear(task, scripts);
    }),
  );
  const skip = before.filter(({ id }) => !passed.includes(id));
  const unsolved = skip.find(({ solve }) => solve === undefined);
  if (unsolved)
    throw new LabError('LAB_SOLVE_MISSING', `Task "${unsolved.id}" has no solution, so labs cannot do it for you`, {
      exitCode: ExitCode.usage,
      hint: 'Do the task yourself, then run the command again.',
    });
  return {
    keep: before.filter(({ id }) => passed.includes(id)),
    skip,
    remove: after.filter((_, index) => left[index]),
  };
};

/** The reports of a task's checks of the cluster. */
const stateOf = (task: TaskDefinition, report: Report): TaskReport['checks'] => {
  const wanted = new Set(stateChecks(task).map(({ id }) => id));
  const checks = report.tasks.find(({ id }) => id === task.id)?.checks ?? [];
  return checks.filter(({ id }) => wanted.has(id));
};

/** A piece of work: sets the nodes back, removes what tasks made, begins a task, or makes the state of one task. */
export type Work = 'restore' | 'clear' | 'begin' | TaskDefinition;

/** Does each piece of work, and shows it. */
export interface CheckpointEvents {
  readonly working: (what: Work, work: () => Promise<void>) => Promise<void>;
}

/**
 * Sets the nodes back, removes what the task and later tasks make, then makes what is missing of the tasks before it.
 * When it fails in the middle, it can be repeated.
 */
export const goTo = async (
  run: TaskRun,
  { keep, skip }: GotoPlan,
  { report, working }: { readonly report: Report } & CheckpointEvents,
): Promise<void> => {
  const { lab, task: target, progress } = run;
  const later = lab.tasks.slice(lab.tasks.indexOf(target));
  const known = await progress.read();
  // First of all: whatever fails later, nothing that labs does may give points.
  for (const { id } of skip) await progress.recordSkipped(id, passedChecks(report, id));
  await restoreNodes(run, working);
  await working('clear', async () => {
    for (const task of later.toReversed()) await clearTask({ ...run, task });
    await progress.rewind(later.map(({ id }) => id));
  });
  const isNew = ({ id }: TaskDefinition): boolean => known.skipped[id] === undefined;
  const wanted = lab.tasks.filter((task) => keep.includes(task) || skip.includes(task));
  const firstNew = wanted.findIndex((task) => skip.includes(task) && isNew(task));
  const done = firstNew < 0 ? wanted : wanted.slice(0, firstNew);
  const missing = await fromFirstMissing(run, done);
  for (const task of [...missing, ...wanted.slice(done.length)]) {
    run.signal.throwIfAborted();
    const again = skip.includes(task) && isNew(task);
    if (!again && (await holds(run, task))) continue;
    const answer: KeepAnswer = async (check, value) => {
      const earned = passedChecks(report, task.id).includes(check);
      if (skip.includes(task) && !earned) await progress.answer(`${task.id}/${check}`, value);
    };
    await working(task, () => replayTask({ ...run, task }, answer));
  }
};

const passedChecks = ({ tasks }: Report, id: string): readonly string[] => {
  const checks = tasks.find((task) => task.id === id)?.checks ?? [];
  return checks.filter(({ outcome }) => outcome === 'pass').map((check) => check.id);
};

/** Whether the cluster has what the task makes, whoever made it. */
const holds = async (run: TaskRun, task: TaskDefinition): Promise<boolean> =>
  (await holding(run, [task])).includes(task);

/** The tasks of which the cluster has what they make, from one look at the cluster. */
const holding = async (
  { lab, access, progress, signal }: TaskRun,
  tasks: readonly TaskDefinition[],
): Promise<readonly TaskDefinition[]> => {
  const student = whoeverDid(lab, await progress.read());
  const begun = tasks.filter((task) => !waitsToBegin(task, student));
  if (begun.length === 0) return [];
  const report = await gradeLab({ lab, access, progress: student, tasks: begun.map(({ id }) => id), signal });
  return begun.filter((task) => stateOf(task, report).every(({ outcome }) => outcome === 'pass'));
};

/** The tasks from the first one on of which something is missing. Mostly nothing is missing, and one look is enough. */
const fromFirstMissing = async (run: TaskRun, tasks: readonly TaskDefinition[]): Promise<readonly TaskDefinition[]> => {
  const held = await holding(run, tasks);
  const first = tasks.findIndex((task) => !held.includes(task));
  return first < 0 ? [] : tasks.slice(first);
};

const restoreNodes = async (run: TaskRun, working: CheckpointEvents['working']): Promise<void> => {
  if (run.lab.restore !== undefined) await working('restore', () => restoreLab(run));
};

/**
 * Begins one task anew, whatever the student did: sets the nodes back, removes what the task makes, makes again what
 * earlier finished tasks made, breaks again what the task breaks, and forgets the answers and the result.
 */
export const startAnew = async (run: TaskRun, { working }: CheckpointEvents): Promise<void> => {
  const { task, progress } = run;
  const breaks = task.setup !== undefined;
  if (breaks || (await canClear(task, run.access.scripts))) {
    await restoreNodes(run, working);
    if (!breaks) await working('clear', () => clearTask(run));
    const before = await progress.read();
    await repairFinished(run, before, working);
    // This may have mended the faults of other tasks, too.
    for (const other of openFaults(run.lab, before).filter(({ id }) => id !== task.id))
      await working(other, () => beginTask({ ...run, task: other }, { again: true }));
    if (breaks) await working(task, () => beginTask(run, { again: true }));
  }
  await progress.forget(task.id, { stillBegun: breaks });
};

/** Makes again what finished tasks before the task made, where something is missing. */
const repairFinished = async (
  run: TaskRun,
  { passed, skipped }: Progress,
  working: CheckpointEvents['working'],
): Promise<void> => {
  const before = run.lab.tasks.slice(0, run.lab.tasks.indexOf(run.task));
  const finished = before.filter(({ id }) => passed.includes(id) || skipped[id] !== undefined);
  for (const task of await fromFirstMissing(run, finished)) {
    run.signal.throwIfAborted();
    if (!(await holds(run, task))) await working(task, () => replayTask({ ...run, task }, async () => {}));
  }
};

/** The tasks that broke something and that nobody has repaired. */
export const openFaults = (
  { tasks }: LabDefinition,
  { begun, passed, skipped }: Pick<Progress, 'begun' | 'passed' | 'skipped'>,
): readonly TaskDefinition[] => {
  const isOpen = (id: string): boolean => begun.includes(id) && !passed.includes(id) && skipped[id] === undefined;
  return tasks.filter(({ id, setup }) => setup !== undefined && isOpen(id));
};
