// `labs solve [task]`: does a task, or every unfinished one, the author's way.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import { solveTask } from '../../tasks/run.ts';
import { confirm } from '../ask.ts';
import type { Run } from '../context.ts';
import { gradeSession, taskRun, withSession } from '../session.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => {
    const { output, say, environment, signal } = context;
    const tasks = name === undefined ? session.lab.tasks : [findTask(session.lab, name)];
    if (!(await confirm(context, say.solveQuestion))) {
      output.line(say.notConfirmed);
      return ExitCode.ok;
    }
    for (const task of tasks) {
      signal.throwIfAborted();
      const number = session.lab.tasks.indexOf(task) + 1;
      const startedAt = performance.now();
      await solveTask(taskRun(context, session, task));
      // Later tasks may build on what this one left: remember what passes as it passes.
      const report = await gradeSession(context, session, [task.id]);
      const mark = report.score === report.maxScore ? output.paint('green', '✔') : output.paint('yellow', '◐');
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      output.line(
        ` ${mark} ${String(number).padStart(2)}  ${localize(task.title, environment.language)} ${output.paint('dim', `(${seconds} s)`)}`,
      );
    }
    output.line(say.solved);
    return ExitCode.ok;
  });
