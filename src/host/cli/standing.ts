// Where a student is in a lab: read from Docker's labels and the progress file, so also for a stopped lab.
import type { LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { nextTask } from '../tasks/next.ts';
import type { Context } from './context.ts';
import { definitionOf } from './machines.ts';
import { progressIn } from './student-progress.ts';

export interface Standing {
  readonly lab: LabDefinition;
  readonly passed: readonly TaskDefinition[];
  /** The task to do next. */
  readonly next: TaskDefinition | undefined;
  /** Points of the tasks that passed, and of all tasks. */
  readonly points: number;
  readonly maxPoints: number;
}

export const standingIn = async (context: Context, instance: ClusterSummary): Promise<Standing> => {
  const lab = await definitionOf(context, instance);
  const progress = await (await progressIn(context, instance.name)).read();
  const passed = lab.tasks.filter(({ id }) => progress.passed.includes(id));
  return {
    lab,
    passed,
    next: nextTask(lab, progress),
    points: pointsOf(passed),
    maxPoints: pointsOf(lab.tasks),
  };
};

export const pointsOf = (tasks: readonly TaskDefinition[]): number =>
  tasks.flatMap(({ checks }) => checks).reduce((sum, { points }) => sum + points, 0);
