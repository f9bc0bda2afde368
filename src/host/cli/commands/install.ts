// `labs install SOURCE`: keeps a lab of somebody else beside the labs of this package. Runs nothing of it.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ExitCode, LabError } from '../../../kit/error.ts';
import { fetchLab } from '../../pack/fetch.ts';
import { install, originOf } from '../../pack/installed.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { wrap } from '../text.ts';

export const run: Run = async (context, [source = ''], options) => {
  const { output, say, json, paths, environment, signal } = context;
  const digest = typeof options.digest === 'string' ? options.digest : undefined;
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new LabError('LAB_USAGE', say.digestWrong(digest), { exitCode: ExitCode.usage, hint: say.digestHint });
  const pack = await fetchLab(source, {
    ...{ variables: environment.variables, signal },
    ...(digest === undefined ? {} : { digest }),
  });
  const { name, version } = pack.manifest;
  refuseOwnName(context, name);
  const before = await originOf(paths.installed, name);
  if (before && before.digest !== pack.digest) {
    const question = say.installReplaces(name, before.version, before.source, version);
    if (!(await confirm(context, question))) return declined(context);
  }
  const origin = await install(pack, { home: paths.installed, source: nameOf(source), now: new Date() });
  if (json) output.line(JSON.stringify({ name, ...origin }, null, 2));
  else {
    output.line(output.paint('green', say.labInstalled(name, version)));
    output.line(pack.digest);
    for (const line of wrap(say.installedNext(name), output.width)) output.line(line);
  }
  return ExitCode.ok;
};

/** A file by its whole path: the origin is read in another folder. */
const nameOf = (source: string): string => (existsSync(source) ? resolve(source) : source);

/** Installed labs never hide those of the package. */
const refuseOwnName = ({ paths, say }: Context, name: string): void => {
  const own = paths.labs.filter((folder) => folder !== paths.installed);
  if (!own.some((folder) => existsSync(join(folder, name)))) return;
  throw new LabError('LAB_NAME_TAKEN', say.installOwnName(name), {
    exitCode: ExitCode.usage,
    hint: say.installOwnNameHint,
  });
};
