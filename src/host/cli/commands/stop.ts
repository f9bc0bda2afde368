// `labs stop [name]`: stops the cluster and keeps everything in it for the next start.
import { ExitCode } from '../../../kit/error.ts';
import { stopCluster } from '../../cluster/stop.ts';
import type { Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';

export const run: Run = async (context, [given]) => {
  const { name, lab } = await chooseInstance(context, given);
  await stopCluster(await context.docker(), name, context.signal);
  context.output.line(context.say.stopped(name, lab));
  return ExitCode.ok;
};
