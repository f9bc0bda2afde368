// What a student sees when a task passes for the first time: why it works, the score so far, and the next command.
import { type LabDefinition, localize, type TaskDefinition } from '../../api/lab.ts';
import { textOf } from '../lab/text.ts';
import { nextTask } from '../tasks/next.ts';
import type { Progress } from '../tasks/progress-changes.ts';
import type { Context } from './context.ts';
import { renderMarkdown } from './markdown.ts';
import { placesIn } from './place-labels.ts';
import { numberOf, type Session } from './session.ts';
import { maxPointsOf, pointsAt } from './standing.ts';

/** Prints nothing when no task passed. One task shows its debrief; several tasks show the commands that print them. */
export const printPassed = async (
  context: Context,
  { lab, progress }: Session,
  passedNow: readonly string[],
): Promise<void> => {
  const { output, say } = context;
  const tasks = lab.tasks.filter(({ id }) => passedNow.includes(id));
  const [only] = tasks;
  if (only === undefined) return;
  output.line();
  if (tasks.length === 1) await printDebrief(context, lab, only);
  else
    for (const task of tasks) if (task.debrief) output.line(output.paint('dim', say.debriefWith(numberOf(lab, task))));
  printStanding(context, lab, await progress.read());
};

/** @returns false when the task has no debrief */
export const printDebrief = async (
  { output, say, environment }: Context,
  lab: LabDefinition,
  { debrief }: TaskDefinition,
): Promise<boolean> => {
  if (debrief === undefined) return false;
  const source = await textOf(lab, localize(debrief, environment.language));
  output.line(output.paint(['bold', 'cyan'], say.whyItWorks));
  output.write(`\n${renderMarkdown(source, { ...output, ...placesIn(lab, { say }) })}`);
  output.line();
  return true;
};

/** The score of the tasks that have passed, and the command to go on with. */
export const printStanding = ({ output, say }: Context, lab: LabDefinition, progress: Progress): void => {
  const done = lab.tasks.filter(({ id }) => progress.passed.includes(id));
  const next = nextTask(lab, progress);
  output.line(say.soFar(done.length, lab.tasks.length, pointsAt(lab, progress), maxPointsOf(lab.tasks)));
  if (next === undefined) output.line(say.nextGrade);
  else
    output.line(progress.skipped[next.id] ? say.onlyGotoLeft(numberOf(lab, next)) : say.nextTask(numberOf(lab, next)));
};
