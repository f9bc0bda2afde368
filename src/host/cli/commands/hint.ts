// `labs hint [task]`: prints all hints for a task that were shown before, and the next one.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import type { Run } from '../context.ts';
import { renderMarkdown } from '../markdown.ts';
import { chooseTask, currentTask, numberOf, withSession } from '../session.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => {
    const { output, say, environment } = context;
    const task =
      name === undefined
        ? ((await currentTask(session)) ?? (await chooseTask(context, session.lab)))
        : findTask(session.lab, name);
    output.line(output.paint('bold', `${numberOf(session.lab, task)}. ${localize(task.title, environment.language)}`));
    const taken = (await session.progress.read()).hints[task.id] ?? 0;
    if (taken < task.hints.length) await session.progress.takeHint(task.id);
    const shown = task.hints.slice(0, taken + 1);
    for (const [index, hint] of shown.entries()) {
      output.line();
      output.line(output.paint('dim', say.hint(index + 1, task.hints.length)));
      output.write(renderMarkdown(localize(hint, environment.language), output));
    }
    if (taken >= task.hints.length) output.line(output.paint('dim', say.noMoreHints));
    return ExitCode.ok;
  });
