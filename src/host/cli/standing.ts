// Where a student is in a lab: read from Docker's labels and the progress file, so also for a stopped lab.
import type { LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { hintCost } from '../grade/student.ts';
import type { Clock } from '../grade/time-limit.ts';
import { nextTask } from '../tasks/next.ts';
import type { Progress } from '../tasks/progress-changes.ts';
import type { Context } from './context.ts';
import { definitionOf } from './machines.ts';
import { progressIn } from './student-progress.ts';

export interface Standing {
  readonly lab: LabDefinition;
  readonly passed: readonly TaskDefinition[];
  /** The task to do next. */
  readonly next: TaskDefinition | undefined;
  /** Points at the latest grading, as `labs check` counts them: of unfinished tasks, too. */
  readonly points: number;
  readonly maxPoints: number;
  /** Of an exam. */
  readonly clock?: Clock;
}

/** @param options.isQuiet for a list of all labs */
export const standingIn = async (
  context: Context,
  instance: ClusterSummary,
  options: { readonly isQuiet?: boolean } = {},
): Promise<Standing> => {
  const lab = await definitionOf(context, instance);
  const progress = await (await progressIn(context, instance.name, options)).read();
  const passed = lab.tasks.filter(({ id }) => progress.passed.includes(id));
  return {
    lab,
    passed,
    next: nextTask(lab, progress),
    points: pointsAt(lab, progress),
    maxPoints: maxPointsOf(lab.tasks),
    ...(progress.clock ? { clock: progress.clock } : {}),
  };
};

export const maxPointsOf = (tasks: readonly TaskDefinition[]): number =>
  tasks.flatMap(({ checks }) => checks).reduce((sum, { points }) => sum + points, 0);

/** A task that has passed keeps its points, but for what its hints cost. */
export const pointsAt = ({ tasks }: LabDefinition, progress: Progress): number => {
  const points = tasks.map((task) => {
    const { points: judged = {} } = progress.latest[task.id] ?? {};
    const had = progress.passed.includes(task.id)
      ? maxPointsOf([task])
      : task.checks.reduce((sum, { id }) => sum + (judged[id] ?? 0), 0);
    return Math.max(0, had - hintCost(task, progress));
  });
  // Parts of points have two decimals, and binary fractions would show more.
  return Math.round(points.reduce((sum, each) => sum + each, 0) * 100) / 100;
};
