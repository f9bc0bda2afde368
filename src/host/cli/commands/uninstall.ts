// `labs uninstall`: removes everything that labs made on this machine, and names the command that removes the program.
import { rm } from 'node:fs/promises';
import { ExitCode } from '../../../kit/error.ts';
import { listClusters } from '../../cluster/status.ts';
import { removeImages } from '../../image/remove.ts';
import { engineState } from '../../setup/engine.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { findInstallation, removeCommand } from '../installation.ts';
import { wrap } from '../text.ts';
import { deleteLabs } from './delete.ts';
import { globalPrefix } from './upgrade.ts';

export const run: Run = async (context) => {
  const { output, say, environment, paths, json } = context;
  const docker = await context.docker();
  // A machine without Docker has no labs and no images.
  const hasDocker = (await engineState(docker, environment.variables)) !== 'missing';
  const names = hasDocker ? (await listClusters(docker, context.signal)).map(({ name }) => name) : [];
  const folders = [environment.cacheFolder, environment.dataFolder, environment.stateFolder];
  output.note(say.uninstallWill);
  for (const what of [...(names.length > 0 ? [say.uninstallLabs(names.join(', '))] : []), say.uninstallImages])
    output.note(`  - ${what}`);
  for (const folder of folders) output.note(`  - ${say.uninstallFolder(folder)}`);
  if (!(await confirm(context, say.uninstallQuestion))) return declined(context);
  await deleteLabs(context, names);
  if (hasDocker) await removeImages(docker, context.signal);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  const command = removeCommand(findInstallation(paths.root), await globalPrefix(context));
  if (json) output.line(JSON.stringify({ deleted: names, folders, program: { folder: paths.root, command } }, null, 2));
  else sayWhatIsLeft(context, command);
  return ExitCode.ok;
};

/** @param command removes the program */
const sayWhatIsLeft = ({ output, say, paths }: Context, command: string | undefined): void => {
  for (const line of wrap(say.uninstalled, output.width)) output.line(line);
  output.line();
  if (command === undefined) {
    output.line(say.deleteClone(paths.root));
    return;
  }
  output.line(say.removeProgram);
  output.line();
  output.line(output.paint('cyan', command));
};
