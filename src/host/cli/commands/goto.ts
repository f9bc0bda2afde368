// `labs goto TASK`: brings the cluster to the start of a task, for those who fell behind and for instructors.
import type { TaskDefinition } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { type GotoPlan, goTo, planGoto } from '../../tasks/checkpoint.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseTask, gradeAndRecord, numberOf, type Session, taskRun, withSession } from '../session.ts';
import { numberRanges, secondsSince, wrap } from '../text.ts';
import { showWork } from '../work.ts';

export const run: Run = (context, [name]) =>
  withSession(context, async (session) => gotoTask(context, session, await chooseTask(context, session.lab, name)));

export const gotoTask = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say, json } = context;
  const { lab, progress } = session;
  // First records what the student has finished, so that finished work counts.
  const { report } = await gradeAndRecord(context, session, { once: true });
  const plan = await planGoto(lab, task, { report, progress: await progress.read(), scripts: session.access.scripts });
  if (!json) describe(context, session, task, plan);
  if (!(await confirm(context, say.gotoQuestion))) return declined(context);
  const startedAt = performance.now();
  {
    using work = showWork(context, lab);
    await goTo(taskRun(context, session, task), plan, { report, working: work.working });
  }
  const number = numberOf(lab, task);
  if (json) {
    const ids = Object.entries(plan).map(([key, tasks]: [string, readonly TaskDefinition[]]) => [
      key,
      tasks.map(({ id }) => id),
    ]);
    output.line(JSON.stringify({ task: task.id, number, ...Object.fromEntries(ids) }, null, 2));
    return ExitCode.ok;
  }
  output.line(output.paint('green', say.gotoDone(number, secondsSince(startedAt))));
  output.line(output.paint('dim', say.readWith(number)));
  if (task.setup !== undefined) output.line(output.paint('dim', say.beginWith(number)));
  return ExitCode.ok;
};

/** Says what happens to the tasks, before anything happens. */
const describe = (
  { output, say }: Context,
  { lab }: Session,
  task: TaskDefinition,
  { keep, skip, remove }: GotoPlan,
): void => {
  const numbers = (tasks: readonly TaskDefinition[]) => numberRanges(tasks.map((each) => numberOf(lab, each)));
  const lines = [
    ...(keep.length > 0 ? [say.gotoKeeps(numbers(keep))] : []),
    ...(skip.length > 0 ? [say.gotoSkips(numbers(skip))] : []),
    ...(remove.length > 0 ? [say.gotoRemoves(numbers(remove))] : []),
    ...(lab.restore === undefined ? [] : [say.nodesSetBack]),
    say.gotoReplaces,
  ];
  output.line(output.paint('bold', say.gotoPlan(numberOf(lab, task))));
  for (const text of lines)
    for (const [row, line] of wrap(text, output.width - 4).entries())
      output.line(`${row === 0 ? '  - ' : '    '}${line}`);
};
