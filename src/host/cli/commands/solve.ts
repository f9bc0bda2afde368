// `labs solve [task]`: solves one task or all tasks with the scripts of the lab's author.
import { localize } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import { solveTask } from '../../tasks/run.ts';
import { confirm } from '../ask.ts';
import type { Run } from '../context.ts';
import { gradeSession, numberOf, taskRun, withSession } from '../session.ts';
import { secondsSince } from '../text.ts';

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
      const startedAt = performance.now();
      await solveTask(taskRun(context, session, task));
      // Record each task at once: later tasks may change what this task's checks look at.
      const report = await gradeSession(context, session, [task.id]);
      const mark = report.score === report.maxScore ? output.paint('green', '✔') : output.paint('yellow', '◐');
      const number = String(numberOf(session.lab, task)).padStart(2);
      const title = localize(task.title, environment.language);
      output.line(` ${mark} ${number}  ${title} ${output.paint('dim', `(${secondsSince(startedAt)} s)`)}`);
    }
    output.line(say.solved);
    return ExitCode.ok;
  });
