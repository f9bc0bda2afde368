// `labs tasks [task]`: lists the tasks, or prints one. On a terminal, it offers to begin a task that breaks something.
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { undoneNeeds, waitsToBegin } from '../../grade/student.ts';
import { isOver } from '../../grade/time-limit.ts';
import { textOf } from '../../lab/text.ts';
import { printDebrief } from '../after-task.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { renderMarkdown } from '../markdown.ts';
import { placesIn } from '../place-labels.ts';
import {
  chooseTask,
  numberOf,
  openReading,
  questionsOf,
  type Reading,
  type ReadingOf,
  sayIfDown,
  withSession,
} from '../session.ts';
import { wrap } from '../text.ts';
import { leftLines } from '../time-left.ts';
import { begin, lockedHint, numbersOf, remarkEarlier } from './begin.ts';

export const run: Run = async (context, [name], options) => {
  const reading = await openReading(context);
  if (options.debrief === true) await explain(context, reading, await chooseTask(context, reading.lab, name));
  else if (name === undefined) await list(context, reading);
  else await read(context, reading, await chooseTask(context, reading.lab, name));
  return ExitCode.ok;
};

const list = async (context: Context, { lab, progress, instance }: ReadingOf): Promise<void> => {
  const { output, say, environment, json } = context;
  const student = await progress.read();
  const { passed, passedAt, begun, skipped } = student;
  const tasks = lab.tasks.map((task) => ({
    number: numberOf(lab, task),
    id: task.id,
    title: localize(task.title, environment.language),
    points: task.checks.reduce((sum, check) => sum + check.points, 0),
    passed: passed.includes(task.id),
    passedAt: passedAt[task.id],
    skipped: !passed.includes(task.id) && skipped[task.id] !== undefined,
    begun: begun.includes(task.id) || task.setup === undefined,
    waitsFor: undoneNeeds(task, student),
  }));
  if (json) {
    output.line(JSON.stringify({ lab: lab.name, tasks }, null, 2));
    return;
  }
  output.line(output.paint('bold', localize(lab.title, environment.language)));
  output.line();
  for (const task of tasks) {
    const mark = task.passed ? output.paint('green', '✔') : task.skipped ? output.paint('dim', '–') : ' ';
    const locked = task.waitsFor.length > 0 ? say.lockedNote(numbersOf(lab, task.waitsFor)) : undefined;
    const state = task.skipped ? say.byGoto : locked;
    const note = state === undefined ? '' : output.paint('dim', `  (${state})`);
    output.line(` ${mark} ${String(task.number).padStart(2)}  ${task.title}${note}`);
  }
  output.line();
  output.line(output.paint('dim', say.readTask));
  sayIfDown(context, instance);
};

const read = async (context: Context, session: ReadingOf, task: TaskDefinition): Promise<void> => {
  const { output, say, environment, json } = context;
  const { language } = environment;
  const source = await textOf(session.lab, localize(task.text, language));
  const before = await session.progress.read();
  const number = numberOf(session.lab, task);
  if (json) {
    const { id } = task;
    const passed = before.passed.includes(id);
    const state = {
      begun: !waitsToBegin(task, before),
      passed,
      skipped: !passed && before.skipped[id] !== undefined,
      waitsFor: undoneNeeds(task, before),
    };
    const debrief =
      task.debrief && state.passed ? await textOf(session.lab, localize(task.debrief, language)) : undefined;
    output.line(
      JSON.stringify({ id, number, title: localize(task.title, language), ...state, text: source, debrief }, null, 2),
    );
    return;
  }
  output.line(output.paint(['bold', 'cyan'], `${number}. ${localize(task.title, language)}`));
  output.write(`\n${renderMarkdown(source, { ...output, ...placesIn(session.lab, context) })}`);
  if (session.instance.state !== 'running') return sayIfDown(context, session.instance);
  output.line();
  const undone = undoneNeeds(task, before);
  if (undone.length > 0) {
    for (const text of [
      `${say.locked(number, numbersOf(session.lab, undone))}.`,
      lockedHint(context, session.lab, task, { passed: before.passed, undone }),
    ])
      for (const line of wrap(text, output.width)) output.line(output.paint('yellow', line));
    return;
  }
  if (before.clock && isOver(before.clock, new Date())) {
    for (const line of leftLines(context, before.clock)) output.line(line);
    return;
  }
  if (waitsToBegin(task, before) && !(await offerToBegin(context, session, task))) return;
  if (questionsOf(task).length > 0) output.line(output.paint('dim', say.answerWith(number)));
  output.line(output.paint('dim', say.checkWith(number)));
  if (before.skipped[task.id] && !before.passed.includes(task.id))
    output.line(output.paint('dim', say.ownWork(number)));
  if (before.passed.includes(task.id) && task.debrief) output.line(output.paint('dim', say.debriefWith(number)));
};

/** Reading is not beginning: asks on a terminal, otherwise names the command. @returns whether the task has begun */
const offerToBegin = async (
  context: Context,
  { name, lab, progress }: Reading,
  task: TaskDefinition,
): Promise<boolean> => {
  const { output, say, yes } = context;
  output.line(say.breaks);
  await remarkEarlier(context, { lab, progress }, task);
  const agreed = (yes || output.interactive) && (await confirm(context, say.beginQuestion));
  // The student reads the task while labs prepares the cluster.
  await output.flush();
  if (agreed) await withSession({ ...context, name }, (session) => begin(context, session, task));
  else output.line(output.paint('dim', say.beginWith(numberOf(lab, task))));
  return agreed;
};

/** `--debrief`: why the solution works. Before the task has passed, it gives the solution away, so it asks first. */
const explain = async (context: Context, session: Reading, task: TaskDefinition): Promise<void> => {
  const { say, output } = context;
  if (!task.debrief)
    throw new LabError('LAB_NO_DEBRIEF', say.noDebrief(numberOf(session.lab, task)), { exitCode: ExitCode.usage });
  const { passed } = await session.progress.read();
  if (!passed.includes(task.id) && !(await confirm(context, say.debriefSpoils))) {
    declined(context);
    return;
  }
  if (context.json) {
    const text = await textOf(session.lab, localize(task.debrief, context.environment.language));
    output.line(JSON.stringify({ id: task.id, debrief: text }, null, 2));
  } else await printDebrief(context, session.lab, task);
};
