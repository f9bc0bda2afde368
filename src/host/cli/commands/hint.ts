// `labs hint [task]`: the next hint for a task, one at a time; those taken before can be read again.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import type { Run } from '../context.ts';
import { renderMarkdown } from '../markdown.ts';
import { chooseTask, currentTask, withSession } from '../session.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => {
    const { output, say, environment } = context;
    const task =
      name === undefined
        ? ((await currentTask(session)) ?? (await chooseTask(context, session.lab)))
        : findTask(session.lab, name);
    const number = session.lab.tasks.indexOf(task) + 1;
    output.line(output.paint('bold', `${number}. ${localize(task.title, environment.language)}`));
    const taken = (await session.progress.read()).hints[task.id] ?? 0;
    if (taken < task.hints.length) await session.progress.takeHint(task.id);
    const shown = task.hints.slice(0, taken + 1);
    for (const [index, hint] of shown.entries()) {
      output.line();
      output.line(output.paint('dim', say.hint(index + 1, task.hints.length)));
      const text = localize(hint, environment.language);
      output.write(
        renderMarkdown(text, { width: Math.min(output.width, 80), paint: output.paint, colored: output.colored }),
      );
    }
    if (taken >= task.hints.length) output.line(output.paint('dim', say.noMoreHints));
    return ExitCode.ok;
  });
