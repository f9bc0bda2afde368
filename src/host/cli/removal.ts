// Removes a lab: its containers and volumes, and what labs keeps about it on this machine.
import { deleteCluster } from '../cluster/stop.ts';
import { forgetProgress } from '../tasks/progress.ts';
import type { Context } from './context.ts';
import { removeScriptLog } from './script-log.ts';
import { removeSnapshots } from './snapshots.ts';
import { forgetKubeconfig, orWarn } from './way-in.ts';

/** Ctrl-C does not stop it: it takes about two seconds, and half a deletion leaves a broken lab. */
export const removeLab = async (context: Context, name: string): Promise<void> => {
  const { stateFolder } = context.environment;
  await deleteCluster(await context.docker(), name);
  await orWarn(context, () => forgetProgress(stateFolder, name));
  await removeScriptLog(stateFolder, name);
  await removeSnapshots(stateFolder, name);
  await forgetKubeconfig(context, name);
};
