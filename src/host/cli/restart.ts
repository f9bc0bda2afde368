// What survives `labs stop` and `labs start`: faults of begun tasks, which a restart may repair, and finished work that
// only the kernel held, which a restart loses.
import { localize } from '../../api/lab.ts';
import { messageOf } from '../../kit/error.ts';
import { type Lost, restoreWork, resumeLab } from '../tasks/after-restart.ts';
import { openFaults } from '../tasks/checkpoint.ts';
import { resumeTask } from '../tasks/run.ts';
import type { Context } from './context.ts';
import { gradeAndRecord, numberOf, type Session, taskRun, withSession } from './session.ts';
import { wrap } from './text.ts';
import { showWork } from './work.ts';

/** Before a stop: records what the student has done. Afterwards nobody could tell it from what the restart does. */
export const recordWork = (context: Context): Promise<void> =>
  withSession(context, (session) => recordWorkIn(context, session));

export const recordWorkIn = async (context: Context, session: Session): Promise<void> => {
  const { lab, progress } = session;
  const before = await progress.read();
  const faults = openFaults(lab, before);
  const isKnown = (id: string): boolean =>
    before.passed.includes(id) || before.skipped[id] !== undefined || (before.latest[id]?.held?.length ?? 0) > 0;
  const tasks = lab.tasks.filter((task) => faults.includes(task) || isKnown(task.id)).map(({ id }) => id);
  if (tasks.length === 0) return;
  await gradeAndRecord(context, session, { tasks, once: true });
  const { latest } = await progress.read();
  // A look at a bad moment must not make labs forget what the student had.
  const doubtful = tasks.filter((id) => before.latest[id]?.held?.some((check) => !latest[id]?.held?.includes(check)));
  if (doubtful.length > 0) await gradeAndRecord(context, session, { tasks: doubtful });
};

/** For `--json`: what became of tasks. */
export interface AfterRestart {
  /** Finished tasks that labs has done again, with the checks that the restart had taken. */
  readonly redone: readonly TaskChecks[];
  /** Tasks that have lost these checks. */
  readonly lost: readonly TaskChecks[];
}

interface TaskChecks {
  readonly task: string;
  readonly checks: readonly string[];
}

/** After a start: see `afterRestartIn`. A failure is reported, and the lab stays started. */
export const afterRestart = (context: Context, restarted: boolean): Promise<AfterRestart> =>
  withSession(context, (session) => afterRestartIn(context, session, restarted));

/**
 * Makes again what the lab's setup had made, breaks again what had not been repaired, and does finished tasks again
 * that have lost something.
 * @param restarted whether machines have started just now
 */
export const afterRestartIn = async (context: Context, session: Session, restarted = true): Promise<AfterRestart> => {
  const { say } = context;
  if (restarted) await orSay(context, say.labNotSetUpAgain, () => resumeLab({ ...session, signal: context.signal }));
  await breakAgain(context, session);
  const { redone, lost, faults } = await restore(context, session);
  for (const { task, cause } of faults)
    warn(context, say.notBrokenAgain(numberOf(session.lab, task), say.fromEnglish(messageOf(cause))));
  for (const each of redone) tell(context, say.redone(numberOf(session.lab, each.task), titlesOf(context, each)));
  for (const each of lost) {
    const problem = each.cause === undefined ? undefined : say.fromEnglish(messageOf(each.cause));
    warn(context, say.lostByStop(numberOf(session.lab, each.task), titlesOf(context, each), problem));
  }
  return { redone: redone.map(idsOf), lost: lost.map(idsOf) };
};

const restore = async (context: Context, session: Session): ReturnType<typeof restoreWork> => {
  using work = showWork(context, session.lab);
  const { lab, access, progress } = session;
  const { language } = context.environment;
  return await restoreWork({ lab, access, progress, language, signal: context.signal }, work);
};

const breakAgain = async (context: Context, session: Session): Promise<void> => {
  const { say } = context;
  const broken: number[] = [];
  for (const task of openFaults(session.lab, await session.progress.read())) {
    const number = numberOf(session.lab, task);
    await orSay(
      context,
      (problem) => say.notBrokenAgain(number, problem),
      async () => {
        if (await resumeTask(taskRun(context, session, task))) broken.push(number);
      },
    );
  }
  if (broken.length > 0) tell(context, say.brokenAgain(broken.join(', ')));
};

const orSay = async (
  context: Context,
  sentence: (problem: string) => string,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    context.signal.throwIfAborted();
    warn(context, sentence(context.say.fromEnglish(messageOf(error))));
  }
};

/** The checks that the student sees, by their titles. */
const titlesOf = ({ say, environment }: Context, { checks }: Lost): string => {
  const titles = checks.slice(0, 2).map(({ title }) => localize(title, environment.language));
  return checks.length > 2 ? say.andMore(titles.join('; '), checks.length - 2) : titles.join('; ');
};

const idsOf = ({ task, checks }: Lost): TaskChecks => ({ task: task.id, checks: checks.map(({ id }) => id) });

const tell = ({ output }: Context, text: string): void => {
  for (const line of wrap(text, output.width)) output.note(output.paint('dim', line));
};

const warn = ({ output }: Context, text: string): void => {
  for (const [row, line] of wrap(text, output.width - 2).entries())
    output.note(output.paint('yellow', `${row === 0 ? '! ' : '  '}${line}`));
};
