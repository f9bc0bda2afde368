// `labs reset [name]`: deletes the cluster and builds the same lab anew. `labs reset TASK` begins one task anew.
import type { TaskDefinition } from '../../../api/lab.ts';
import { ExitCode } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import { deleteCluster } from '../../cluster/stop.ts';
import { findTask } from '../../lab/catalogue.ts';
import type { Scripts } from '../../script/scripts.ts';
import { startAnew } from '../../tasks/checkpoint.ts';
import { forgetProgress } from '../../tasks/progress.ts';
import { canClear } from '../../tasks/run.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Options, Run } from '../context.ts';
import { chooseInstance, unknownLabOrTask } from '../instances.ts';
import { definitionOf } from '../machines.ts';
import type { ResetEffect } from '../messages/progress.ts';
import { numberOf, type Session, taskRun, withSession } from '../session.ts';
import { progressIn } from '../student-progress.ts';
import { wantsUnsafeNodes } from '../unsafe-nodes.ts';
import { showWork } from '../work.ts';
import { startLab } from './start.ts';

export const run: Run = async (context, [given], options) => {
  if (given !== undefined && (await isTask(context, given))) return resetTaskNamed(context, given);
  return resetLab(context, given, options);
};

/**
 * A cluster's name wins over a task's, so that the name of a lab always means the lab.
 * @throws LabError `LAB_TASK_UNKNOWN` for a word that names neither
 */
const isTask = async (context: Context, given: string): Promise<boolean> => {
  const labs = (await listClusters(await context.docker(), context.signal)).map(({ name }) => name);
  if (labs.length === 0 || labs.includes(given)) return false;
  const { tasks } = await definitionOf(context, await chooseInstance(context));
  if (tasks.some(({ id }, index) => id === given || String(index + 1) === given)) return true;
  throw unknownLabOrTask(context, given, { labs, tasks: tasks.map(({ id }) => id) });
};

const resetTaskNamed = (context: Context, given: string): Promise<ExitCode> =>
  withSession(context, async (session) => resetTask(context, session, findTask(session.lab, given)));

export const resetTask = async (context: Context, session: Session, task: TaskDefinition): Promise<ExitCode> => {
  const { output, say, json } = context;
  const number = numberOf(session.lab, task);
  const effect = await effectOf(task, session.access.scripts);
  if (!(await confirm(context, resetQuestion(context, session, task, effect)))) return declined(context);
  {
    using work = showWork(context, session.lab);
    await startAnew({ ...taskRun(context, session, task), onWait: work.onWait }, work);
  }
  if (json) output.line(JSON.stringify({ task: task.id, number, cluster: effect }, null, 2));
  else for (const line of [say.resetTask(number), output.paint('dim', say.readWith(number))]) output.line(line);
  return ExitCode.ok;
};

const effectOf = async (task: TaskDefinition, scripts: Scripts): Promise<ResetEffect> => {
  if (task.setup !== undefined) return 'breaks';
  return (await canClear(task, scripts)) ? 'removes' : 'nothing';
};

/** Says what happens to the cluster and to the nodes. */
export const resetQuestion = (
  { say }: Context,
  { lab }: Session,
  task: TaskDefinition,
  effect: ResetEffect,
): string => {
  const question = say.resetTaskQuestion(numberOf(lab, task), effect);
  return effect === 'nothing' || lab.restore === undefined ? question : `${question} ${say.nodesSetBack}`;
};

const resetLab = async (context: Context, given: string | undefined, options: Options): Promise<number> => {
  const { say, environment } = context;
  const instance = await chooseInstance(context, given);
  const { name } = instance;
  // Load the definition first: if it is invalid, the running cluster must stay.
  const { folder, variation } = await definitionOf(context, instance);
  if (!(await confirm(context, say.resetQuestion(name)))) return declined(context);
  const unsafeNodes = wantsUnsafeNodes(options) || instance.unsafeNodes === true;
  // Before the lab is gone: a reset must neither hide a history nor give an exam a new clock.
  const earlier = await (await progressIn(context, name)).surviving();
  await deleteCluster(await context.docker(), name);
  await forgetProgress(environment.stateFolder, name);
  return startLab({ ...context, name }, folder, { ...options, ...variation, unsafeNodes }, earlier);
};
