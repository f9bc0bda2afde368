// `labs pack [lab]`: makes one file of a lab, to hand on.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { findLab } from '../../lab/catalogue.ts';
import { labFile } from '../../lab/load.ts';
import { studentEdition, wholeEdition } from '../../pack/edition.ts';
import { originOf } from '../../pack/installed.ts';
import { writePack } from '../../pack/pack.ts';
import type { Context, Run } from '../context.ts';
import { wrap } from '../text.ts';

export const run: Run = async (context, [given = '.'], options) => {
  const { output, say, json, paths } = context;
  // A folder in sight is meant before a lab of that name elsewhere.
  const { folder, name: labName } = await findLab(
    paths.labs,
    existsSync(join(given, labFile)) ? resolve(given) : given,
  );
  await refuseStudentEdition(context, folder, labName);
  const edition = options.student === true ? 'student' : 'whole';
  const { lab, files, readable, shows } = await (edition === 'student' ? studentEdition(folder) : wholeEdition(folder));
  const version = lab.version ?? '0.0.0';
  const { bytes, digest } = await writePack({ name: lab.name, version, edition }, files);
  const name = `${lab.name}-${version}${edition === 'student' ? '.student' : ''}.lab.tgz`;
  const file = resolve(typeof options.out === 'string' ? options.out : name);
  await write(context, file, bytes);
  if (json) {
    output.line(
      JSON.stringify({ file, lab: lab.name, version, edition, digest, files: files.size, readable, shows }, null, 2),
    );
    return ExitCode.ok;
  }
  output.line(output.paint('green', say.packed(file, files.size, Math.ceil(bytes.length / 1024))));
  output.line(digest);
  output.note(output.paint('dim', say.packedFrom(folder)));
  const remarks = [
    ...(readable.length > 0 ? [say.packReadable(readable.join(', '))] : []),
    ...(shows.setups.length > 0 ? [say.packShowsSetups(shows.setups.join(', '))] : []),
    ...(shows.clears.length > 0 ? [say.packShowsClears(shows.clears.join(', '))] : []),
    ...(shows.faults.length > 0 ? [say.packShowsFaults(shows.faults.join(', '))] : []),
    ...(shows.drawn.length > 0 ? [say.packShowsDrawn(shows.drawn.join(', '))] : []),
  ];
  for (const remark of remarks)
    for (const line of wrap(remark, output.width)) output.note(output.paint('yellow', line));
  return ExitCode.ok;
};

/** It has no solutions, so what is packed from it would pass for the whole lab. */
const refuseStudentEdition = async ({ paths, say }: Context, folder: string, name: string): Promise<void> => {
  if (dirname(folder) !== paths.installed) return;
  const origin = await originOf(paths.installed, name);
  if (origin?.edition !== 'student') return;
  throw new LabError('LAB_USAGE', say.packStudent(name), { exitCode: ExitCode.usage, hint: say.packStudentHint });
};

const write = async ({ say }: Context, file: string, bytes: Buffer): Promise<void> => {
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    throw new LabError('LAB_OUTPUT_UNWRITABLE', say.packUnwritable(file, messageOf(cause)), {
      cause,
      exitCode: ExitCode.usage,
      hint: say.packUnwritableHint,
    });
  }
};
