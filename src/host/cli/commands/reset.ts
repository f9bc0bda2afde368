// `labs reset [name]`: deletes the cluster and builds the same lab anew. `labs reset TASK` begins one task anew.
import { ExitCode } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import { deleteCluster } from '../../cluster/stop.ts';
import { findTask } from '../../lab/catalogue.ts';
import { forgetProgress } from '../../tasks/progress.ts';
import { confirm } from '../ask.ts';
import type { Context, Options, Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { definitionOf } from '../machines.ts';
import { numberOf, withSession } from '../session.ts';
import { begin } from './begin.ts';
import { run as start } from './start.ts';

export const run: Run = async (context, [given], options) => {
  if (given !== undefined && (await isTask(context, given))) return resetTask(context, given);
  return resetLab(context, given, options);
};

/** A cluster's name wins over a task's, so that the name of a lab always means the lab. */
const isTask = async (context: Context, given: string): Promise<boolean> => {
  const clusters = await listClusters(await context.docker(), context.signal);
  if (clusters.some(({ name }) => name === given)) return false;
  if (clusters.length === 0) return false;
  const { tasks } = await definitionOf(context, await chooseInstance(context));
  return tasks.some(({ id }, index) => id === given || String(index + 1) === given);
};

const resetTask = (context: Context, given: string): Promise<ExitCode> =>
  withSession(context, async (session) => {
    const { output, say } = context;
    const task = findTask(session.lab, given);
    const number = numberOf(session.lab, task);
    const breaks = task.setup !== undefined;
    if (!(await confirm(context, say.resetTaskQuestion(number, breaks)))) {
      output.line(say.notConfirmed);
      return ExitCode.ok;
    }
    if (breaks) await begin(context, session, task, { again: true });
    await session.progress.forget(task.id, { stillBegun: breaks });
    output.line(say.resetTask(number));
    output.line(output.paint('dim', say.readWith(number)));
    return ExitCode.ok;
  });

const resetLab = async (context: Context, given: string | undefined, options: Options): Promise<number> => {
  const { output, say, environment } = context;
  const instance = await chooseInstance(context, given);
  const { name } = instance;
  // Load the definition first: if it is invalid, the running cluster must stay.
  const { folder } = await definitionOf(context, instance);
  if (!(await confirm(context, say.resetQuestion(name)))) {
    output.line(say.notConfirmed);
    return ExitCode.ok;
  }
  await deleteCluster(await context.docker(), name);
  await forgetProgress(environment.stateFolder, name);
  return start({ ...context, name }, [folder], options);
};
