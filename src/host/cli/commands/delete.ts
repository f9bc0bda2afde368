// `labs delete [name] [--all]`: deletes the containers, volumes and progress of a lab.
import { ExitCode } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import { deleteCluster } from '../../cluster/stop.ts';
import { forgetProgress } from '../../tasks/progress.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { removeScriptLog } from '../script-log.ts';
import { removeSnapshots } from '../snapshots.ts';
import { secondsSince } from '../text.ts';
import { forgetKubeconfig, orWarn } from '../way-in.ts';

export const run: Run = async (context, [given], options) => {
  const { output, say, json } = context;
  const names = options.all === true ? await allNames(context) : [(await chooseInstance(context, given)).name];
  if (names.length === 0) {
    output.line(json ? JSON.stringify({ deleted: [] }) : say.nothingToDelete);
    return ExitCode.ok;
  }
  if (!(await confirm(context, say.deleteQuestion(names.join(', '))))) return declined(context);
  await deleteLabs(context, names);
  if (json) output.line(JSON.stringify({ deleted: names }, null, 2));
  return ExitCode.ok;
};

/** Says of each lab when it is gone, except with `--json`. */
export const deleteLabs = async (context: Context, names: readonly string[]): Promise<void> => {
  const { output, say, json } = context;
  const docker = await context.docker();
  // Ctrl-C does not stop a deletion: a deletion takes about two seconds, and half a deletion leaves a broken lab.
  await Promise.all(
    names.map(async (name) => {
      const startedAt = performance.now();
      await deleteCluster(docker, name);
      await orWarn(context, () => forgetProgress(context.environment.stateFolder, name));
      await removeScriptLog(context.environment.stateFolder, name);
      await removeSnapshots(context.environment.stateFolder, name);
      await forgetKubeconfig(context, name);
      if (!json) output.line(say.deleted(name, secondsSince(startedAt)));
    }),
  );
};

const allNames = async (context: Context): Promise<readonly string[]> =>
  (await listClusters(await context.docker(), context.signal)).map(({ name }) => name);
