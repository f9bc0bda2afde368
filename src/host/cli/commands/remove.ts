// `labs remove NAME`: removes an installed lab.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { nearest } from '../../../kit/suggest.ts';
import { installedLabs, uninstall } from '../../pack/installed.ts';
import { confirm, declined } from '../ask.ts';
import type { Run } from '../context.ts';
import { clustersIfAny } from '../instances.ts';

export const run: Run = async (context, [name = '']) => {
  const { output, say, json, paths } = context;
  const known = await installedLabs(paths.installed);
  if (!known.includes(name)) {
    const near = nearest(name, known);
    throw new LabError('LAB_UNKNOWN', say.notInstalled(name), {
      exitCode: ExitCode.usage,
      hint: near === undefined ? say.notInstalledHint(known.join(', ')) : say.didYouMean(`"${near}"`),
    });
  }
  const clusters = (await clustersIfAny(context)).filter(({ lab, folder }) => lab === name && folder === undefined);
  if (clusters.length > 0)
    throw new LabError('LAB_IN_USE', say.removeInUse(name, clusters.map((each) => each.name).join(', ')), {
      exitCode: ExitCode.usage,
      hint: say.removeInUseHint(clusters[0]?.name ?? name),
    });
  if (!(await confirm(context, say.labRemoveQuestion(name)))) return declined(context);
  await uninstall(paths.installed, name);
  output.line(json ? JSON.stringify({ removed: name }, null, 2) : say.labRemoved(name));
  return ExitCode.ok;
};
