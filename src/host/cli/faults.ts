// Faults of begun tasks across `labs stop` and `labs start`. A restart may repair a fault.
import { messageOf } from '../../kit/error.ts';
import { resumeTask } from '../tasks/run.ts';
import type { Context } from './context.ts';
import { gradeAndRecord, numberOf, type Session, taskRun, withSession } from './session.ts';

/** Before a stop: records what the student has repaired. Afterwards a restart could not tell repair from restart. */
export const recordRepairs = (context: Context): Promise<void> =>
  withSession(context, (session) => recordRepairsIn(context, session));

export const recordRepairsIn = async (context: Context, session: Session): Promise<void> => {
  const tasks = await openFaults(session);
  if (tasks.length > 0) await gradeAndRecord(context, session, { tasks: tasks.map(({ id }) => id), once: true });
};

/** After a start: breaks again what had not been repaired. A failure is reported, and the lab stays started. */
export const breakAgain = (context: Context): Promise<void> =>
  withSession(context, (session) => breakAgainIn(context, session));

export const breakAgainIn = async (context: Context, session: Session): Promise<void> => {
  const { output, say } = context;
  const broken: number[] = [];
  for (const task of await openFaults(session)) {
    const number = numberOf(session.lab, task);
    try {
      if (await resumeTask(taskRun(context, session, task))) broken.push(number);
    } catch (error) {
      context.signal.throwIfAborted();
      output.note(output.paint('yellow', `! ${say.notBrokenAgain(number, say.fromEnglish(messageOf(error)))}`));
    }
  }
  if (broken.length > 0) output.note(output.paint('dim', say.brokenAgain(broken.join(', '))));
};

/** The tasks that broke something and that nobody has repaired. */
const openFaults = async ({ lab, progress }: Session) => {
  const { begun, passed, skipped } = await progress.read();
  const isOpen = (id: string) => begun.includes(id) && !passed.includes(id) && skipped[id] === undefined;
  return lab.tasks.filter(({ id, setup }) => setup !== undefined && isOpen(id));
};
