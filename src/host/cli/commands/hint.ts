// `labs hint [task]`: prints all hints for a task that were read before, and the next one. `--read` takes no next one.
// A hint that costs points is shown after a question, or with --yes.
import { type LabDefinition, localize, type TaskDefinition } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { renderMarkdown } from '../markdown.ts';
import { placesIn } from '../place-labels.ts';
import { chooseTask, currentTask, numberOf, openReading, type Reading, sayIfDown } from '../session.ts';

export const run: Run = async (context, [name], options) => {
  const { output, environment, json, say } = context;
  const { language } = environment;
  const reading = await openReading(context);
  const task = name === undefined ? await taskNow(context, reading) : findTask(reading.lab, name);
  const taken = (await reading.progress.read()).hints[task.id] ?? 0;
  const more = options.read !== true && taken < task.hints.length;
  const cost = more ? (task.hints[taken]?.cost ?? 0) : 0;
  if (cost > 0 && !(await confirm(context, say.hintCosts(cost)))) return declined(context);
  if (more) await reading.progress.takeHint(task.id);
  const hints = task.hints.slice(0, more ? taken + 1 : taken).map(({ text }) => localize(text, language));
  const number = numberOf(reading.lab, task);
  if (json) {
    // A program must see that it has spent a hint.
    output.line(JSON.stringify({ task: task.id, number, hints, count: task.hints.length, taken: more, cost }, null, 2));
    return ExitCode.ok;
  }
  output.line(output.paint('bold', `${number}. ${localize(task.title, language)}`));
  print(context, reading.lab, hints, task.hints.length);
  if (hints.length === 0 && task.hints.length > 0) output.line(say.noHintRead);
  if (task.hints.length === 0) output.line(output.paint('dim', say.noHints));
  else if (!more) output.line(output.paint('dim', taken < task.hints.length ? say.hintsLeft(number) : say.noMoreHints));
  sayIfDown(context, reading.instance);
  return ExitCode.ok;
};

const taskNow = async (context: Context, reading: Reading): Promise<TaskDefinition> =>
  (await currentTask(reading)) ?? (await chooseTask(context, reading.lab));

const print = ({ output, say }: Context, lab: LabDefinition, hints: readonly string[], count: number): void => {
  for (const [index, hint] of hints.entries()) {
    output.line();
    output.line(output.paint('dim', say.hint(index + 1, count)));
    output.write(renderMarkdown(hint, { ...output, ...placesIn(lab, { say }) }));
  }
};
