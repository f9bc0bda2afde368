// Which task comes next for a student.
import type { LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { Progress } from './progress-changes.ts';

/** The first task that has not passed. What `labs goto` did comes last. */
export const nextTask = (
  { tasks }: LabDefinition,
  { passed, skipped }: Pick<Progress, 'passed' | 'skipped'>,
): TaskDefinition | undefined => {
  const open = tasks.filter(({ id }) => !passed.includes(id));
  return open.find(({ id }) => skipped[id] === undefined) ?? open[0];
};
