// `labs reset [name]`: deletes the cluster and builds the same lab anew.
import { ExitCode } from '../../../kit/error.ts';
import { deleteCluster } from '../../cluster/stop.ts';
import { forgetProgress } from '../../tasks/progress.ts';
import { confirm } from '../ask.ts';
import type { Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { definitionOf } from '../machines.ts';
import { run as start } from './start.ts';

export const run: Run = async (context, [given], options) => {
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
