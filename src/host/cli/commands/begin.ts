// `labs begin TASK`: begins a task that breaks something. Reading a task does not begin it.
import type { TaskDefinition } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { waitsToBegin } from '../../grade/student.ts';
import { beginTask } from '../../tasks/run.ts';
import type { Context, Run } from '../context.ts';
import { chooseTask, numberOf, type Session, taskRun, withSession } from '../session.ts';
import { keepSnapshot } from '../snapshots.ts';
import { orWarn } from '../way-in.ts';
import { showWork } from '../work.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => beginNamed(context, session, await chooseTask(context, session.lab, name)));

export const beginNamed = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say, json } = context;
  const number = numberOf(session.lab, task);
  const waits = waitsToBegin(task, await session.progress.read());
  if (waits) await begin(context, session, task);
  if (json) output.line(JSON.stringify({ id: task.id, number, begun: true }, null, 2));
  else if (task.setup === undefined) output.line(say.nothingToBegin(number));
  else output.line(waits ? say.begun(number) : say.alreadyBegun(number));
  if (!json) for (const line of [say.readWith(number), say.checkWith(number)]) output.line(output.paint('dim', line));
  return ExitCode.ok;
};

/** Runs the task's setup, and shows how long it takes. */
export const begin = async (context: Context, session: Session, task: TaskDefinition): Promise<void> => {
  using work = showWork(context, session.lab);
  await work.working('begin', () => beginTask({ ...taskRun(context, session, task), onWait: work.onWait }));
  // What the task broke must not show in `labs diff`.
  await orWarn(context, () => keepSnapshot(context, session, 'begin'));
};
