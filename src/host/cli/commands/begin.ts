// `labs begin TASK`: begins a task that breaks something. Reading a task does not begin it.
import type { LabDefinition, TaskDefinition } from '../../../api/lab.ts';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { undoneNeeds, waitsToBegin } from '../../grade/student.ts';
import { beginTask } from '../../tasks/run.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseTask, gradeShown, numberOf, type Session, taskRun, withSession } from '../session.ts';
import { keepSnapshot } from '../snapshots.ts';
import { numberRanges, wrap } from '../text.ts';
import { orWarn } from '../way-in.ts';
import { showWork } from '../work.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => beginNamed(context, session, await chooseTask(context, session.lab, name)));

export const beginNamed = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say, json } = context;
  const number = numberOf(session.lab, task);
  await refuseLocked(context, session, task);
  const waits = waitsToBegin(task, await session.progress.read());
  if (waits && !(await agreesToBegin(context, session, task))) return declined(context);
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

/** Asks only where earlier tasks are open, and only a person: a script goes on with the remark. */
const agreesToBegin = async (context: Context, session: Session, task: TaskDefinition): Promise<boolean> => {
  const { output, say, yes, json } = context;
  const isEarly = await remarkEarlier(context, session, task);
  if (!isEarly || yes || json || !output.interactive) return true;
  await output.flush();
  return confirm(context, say.beginQuestion);
};

/** Says which tasks before this one are not done yet. @returns whether there are any */
export const remarkEarlier = async (
  { output, say }: Context,
  { lab, progress }: Pick<Session, 'lab' | 'progress'>,
  task: TaskDefinition,
): Promise<boolean> => {
  const { passed, skipped } = await progress.read();
  const open = lab.tasks
    .slice(0, lab.tasks.indexOf(task))
    .filter(({ id }) => !passed.includes(id) && skipped[id] === undefined)
    .map(({ id }) => id);
  if (open.length === 0) return false;
  for (const line of wrap(say.earlierOpen(numbersOf(lab, open)), output.width))
    output.note(output.paint('yellow', line));
  return true;
};

/**
 * A task that the student has done may not be recorded yet, so the needed tasks are graded first.
 * @throws LabError `LAB_TASK_LOCKED`
 */
export const refuseLocked = async (context: Context, session: Session, task: TaskDefinition): Promise<void> => {
  const { lab, progress } = session;
  const recorded = undoneNeeds(task, await progress.read());
  if (recorded.length === 0) return;
  await gradeShown(context, session, { tasks: recorded });
  const present = await progress.read();
  const undone = undoneNeeds(task, present);
  if (undone.length === 0) return;
  throw new LabError('LAB_TASK_LOCKED', context.say.locked(numberOf(lab, task), numbersOf(lab, undone)), {
    exitCode: ExitCode.usage,
    hint: lockedHint(context, lab, task, { passed: present.passed, undone }),
  });
};

export const lockedHint = (
  { say }: Context,
  lab: LabDefinition,
  task: TaskDefinition,
  { passed, undone }: { readonly passed: readonly string[]; readonly undone: readonly string[] },
): string => {
  const before = lab.tasks.slice(0, lab.tasks.indexOf(task)).filter(({ id }) => !passed.includes(id));
  const first = lab.tasks.findIndex(({ id }) => id === undone[0]) + 1;
  // The edition for students has no solutions, so `labs goto` would be refused.
  const isPossible = before.every(({ solve }) => solve !== undefined);
  return isPossible ? say.lockedHint(numberOf(lab, task), first) : say.lockedHintOnly(first);
};

/** The numbers of these tasks, such as `1–3, 5`. */
export const numbersOf = ({ tasks }: LabDefinition, ids: readonly string[]): string =>
  numberRanges(ids.map((id) => tasks.findIndex((task) => task.id === id) + 1));
