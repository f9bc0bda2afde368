// After a restart of the machines: makes again what only the kernel held, such as routes and rules. The lab's setup
// says how to make its own part again. What finished tasks had is done again by their solutions.
import { takesOwnProxy } from '../../api/cluster.ts';
import type { CheckDefinition, TaskDefinition } from '../../api/lab.ts';
import { repeatUntil } from '../../kit/repeat.ts';
import { gradeLab } from '../grade/engine.ts';
import { whoeverDid } from '../grade/student.ts';
import { type CheckpointEvents, openFaults } from './checkpoint.ts';
import { stateChecks } from './latest.ts';
import type { Progress } from './progress-changes.ts';
import { beginTask, failed, replayTask, runOf, runScript, type TaskRun } from './run.ts';

type LabRun = Omit<TaskRun, 'task'>;

/** A task of which the cluster no longer holds these checks. */
export interface Lost {
  readonly task: TaskDefinition;
  readonly checks: readonly CheckDefinition[];
  /** Why labs could not do the task again, if labs has tried. */
  readonly cause?: unknown;
}

export interface Restored {
  /** Finished tasks that labs did again, with what they had lost. */
  readonly redone: readonly Lost[];
  /** Tasks that have lost something for good: unfinished ones, and those that labs cannot do. */
  readonly lost: readonly Lost[];
  /** Faults that could not be put back after that. */
  readonly faults: readonly Omit<Lost, 'checks'>[];
}

/**
 * Runs `resume` of the lab's setup, if the script exports it. Without it, nothing is done: a setup that runs again
 * could undo what the student has mended.
 * @throws LabError `LAB_SETUP_FAILED`
 */
export const resumeLab = async (run: Omit<LabRun, 'progress'>): Promise<void> => {
  const { lab, access } = run;
  if (lab.setup === undefined || !(await access.scripts.exportsOf(lab.setup)).includes('resume')) return;
  await runScript(run, lab.setup, {
    names: ['resume'],
    failed: (cause) => failed('LAB_SETUP_FAILED', `The lab ${lab.name} could not be set up again`, cause),
  });
};

export interface Patience {
  /** Pods and components of a cluster that has just started need a moment. */
  readonly startMs: number;
  /** kube-proxy and the kubelet act on what a solution changes within two seconds. */
  readonly effectMs: number;
}

const patience: Patience = { startMs: 4000, effectMs: 10_000 };

/**
 * Does finished tasks again that had something at the latest grading and have it no more. It comes after the faults
 * were put back. A solution may mend the fault of another task, so the open faults are put back once more. Answers are
 * kept as they are, and tasks that are not finished are only named: a solution would give points that nobody has
 * earned.
 */
export const restoreWork = async (
  run: LabRun,
  { working }: CheckpointEvents,
  { startMs, effectMs } = patience,
): Promise<Restored> => {
  const { lab, access, progress, signal } = run;
  const before = await progress.read();
  const wanted = heldBefore(run, before);
  if (wanted.size === 0) return { redone: [], lost: [], faults: [] };
  const first = await missingUntil(run, wanted, startMs);
  const done: TaskDefinition[] = [];
  const causes = new Map<TaskDefinition, unknown>();
  // A solution would take the place of the student's own proxy, which writes its rules again by itself.
  const finished = lab.cluster.nodes.some(takesOwnProxy) ? [] : finishedOf(lab.tasks, before);
  for (const task of finished) {
    signal.throwIfAborted();
    // The solution of an earlier task may have changed what a later one had.
    const isChanged = done.length + causes.size > 0;
    const missing = (isChanged ? await missingOf(run, wanted, [task]) : first).get(task);
    if (!missing || task.solve === undefined) continue;
    try {
      await working(task, () => replayTask({ ...run, task }, async () => {}));
      done.push(task);
    } catch (cause) {
      signal.throwIfAborted();
      causes.set(task, cause);
    }
  }
  const touched = done.length + causes.size > 0;
  const faults = touched ? await putFaultsBack(run, before) : [];
  const last = touched ? await missingUntil(run, wanted, effectMs) : first;
  for (const { id } of done) await progress.recordRedone(id);
  const held = [...wanted.keys()].filter((task) => !last.has(task));
  await progress.recordHeld(
    held.map(({ id }) => id),
    runOf(access),
  );
  return {
    redone: done.filter((task) => !last.has(task)).map((task) => ({ task, checks: first.get(task) ?? [] })),
    lost: [...last].map(([task, checks]) => ({
      task,
      checks,
      ...(causes.has(task) ? { cause: causes.get(task) } : {}),
    })),
    faults,
  };
};

type Checks = ReadonlyMap<TaskDefinition, readonly CheckDefinition[]>;

const finishedOf = (
  tasks: readonly TaskDefinition[],
  { passed, skipped }: Pick<Progress, 'passed' | 'skipped'>,
): readonly TaskDefinition[] => tasks.filter(({ id }) => passed.includes(id) || skipped[id] !== undefined);

/**
 * What the cluster held at the latest grading, in another run of the machines. A fault may have taken checks of
 * finished tasks before. Of a finished task that nobody has looked at, everything.
 */
const heldBefore = ({ lab, access }: LabRun, before: Progress): Checks => {
  const now = runOf(access);
  const finished = finishedOf(lab.tasks, before);
  const wanted = lab.tasks.map((task) => {
    const { run, held } = before.latest[task.id] ?? {};
    const isHeld = (id: string): boolean => held?.includes(id) ?? finished.includes(task);
    return [task, run === now ? [] : stateChecks(task).filter(({ id }) => isHeld(id))] as const;
  });
  return new Map(wanted.filter(([, checks]) => checks.length > 0));
};

/** Looks until nothing is missing, or the time is over. @returns what is missing, by task */
const missingUntil = (run: LabRun, wanted: Checks, timeoutMs: number): Promise<Checks> =>
  repeatUntil(
    () => missingOf(run, wanted, [...wanted.keys()]),
    (missing) => missing.size === 0,
    { timeoutMs, signal: run.signal },
  );

const missingOf = async (run: LabRun, wanted: Checks, tasks: readonly TaskDefinition[]): Promise<Checks> => {
  const { lab, access, progress, signal } = run;
  const asked = tasks.filter((task) => wanted.has(task));
  if (asked.length === 0) return new Map();
  const student = whoeverDid(lab, await progress.read());
  const report = await gradeLab({
    lab,
    access,
    progress: student,
    tasks: asked.map(({ id }) => id),
    once: true,
    signal,
  });
  const passes = new Set(
    report.tasks.flatMap(({ id, checks }) =>
      checks.filter(({ outcome }) => outcome === 'pass').map((check) => `${id}/${check.id}`),
    ),
  );
  const missing = asked.map(
    (task) => [task, (wanted.get(task) ?? []).filter(({ id }) => !passes.has(`${task.id}/${id}`))] as const,
  );
  return new Map(missing.filter(([, checks]) => checks.length > 0));
};

const putFaultsBack = async (run: LabRun, before: Progress): Promise<Restored['faults']> => {
  const kept: Omit<Lost, 'checks'>[] = [];
  for (const task of openFaults(run.lab, before))
    try {
      await beginTask({ ...run, task }, { again: true });
    } catch (cause) {
      run.signal.throwIfAborted();
      kept.push({ task, cause });
    }
  return kept;
};
