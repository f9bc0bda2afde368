// `labs solve [task]`: solves one task or all tasks with the scripts of the lab's author.
import { localize, type TaskDefinition } from '../../../api/lab.ts';
import { passesNow } from '../../../api/report.ts';
import { ExitCode } from '../../../kit/error.ts';
import { findTask } from '../../lab/catalogue.ts';
import { refuseUnsolvable, solveTask } from '../../tasks/run.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { gradeSession, numberOf, type Session, taskRun, withSession } from '../session.ts';
import { secondsSince } from '../text.ts';
import { refuseLocked } from './begin.ts';

export const run: Run = (context, [name]) =>
  withSession(context, (session) =>
    solveTasks(context, session, name === undefined ? session.lab.tasks : [findTask(session.lab, name)]),
  );

export const solveTasks = async (
  context: Context,
  session: Session,
  tasks: readonly TaskDefinition[],
): Promise<ExitCode> => {
  const { output, say, environment, signal, json } = context;
  tasks.forEach(refuseUnsolvable);
  if (!(await confirm(context, say.solveQuestion))) return declined(context);
  const solved: Solved[] = [];
  for (const task of tasks) {
    signal.throwIfAborted();
    await refuseLocked(context, session, task);
    const startedAt = performance.now();
    await solveTask(taskRun(context, session, task));
    // Record each task at once: later tasks may change what this task's checks look at.
    const { score, maxScore, tasks: graded } = await gradeSession(context, session, [task.id]);
    const seconds = secondsSince(startedAt);
    const number = numberOf(session.lab, task);
    solved.push({ task: task.id, number, score, maxScore, seconds: Number(seconds) });
    const mark = graded.every(passesNow) ? output.paint('green', '✔') : output.paint('yellow', '◐');
    const title = localize(task.title, environment.language);
    const line = ` ${mark} ${String(number).padStart(2)}  ${title} ${output.paint('dim', `(${seconds} s)`)}`;
    if (json) output.note(line);
    else output.line(line);
  }
  output.line(json ? JSON.stringify({ lab: session.lab.name, name: session.name, solved }, null, 2) : say.solved);
  return ExitCode.ok;
};

interface Solved {
  readonly task: string;
  readonly number: number;
  readonly score: number;
  readonly maxScore: number;
  readonly seconds: number;
}
