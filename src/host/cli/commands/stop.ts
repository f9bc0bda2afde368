// `labs stop [name]`: stops the cluster and keeps everything in it for the next start.
import { ExitCode } from '../../../kit/error.ts';
import { stopCluster } from '../../cluster/stop.ts';
import type { Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { recordWork } from '../restart.ts';

export const run: Run = async (context, [given]) => {
  const { name, lab, state } = await chooseInstance(context, given);
  // The next start must not break what the student has repaired. A failure must not keep a lab from stopping.
  if (state !== 'stopped') await recordWork({ ...context, name }).catch(() => context.signal.throwIfAborted());
  await stopCluster(await context.docker(), name, context.signal);
  const { output, say, json } = context;
  output.line(json ? JSON.stringify({ name, lab, state: 'stopped' }, null, 2) : say.stopped(name, lab));
  return ExitCode.ok;
};
