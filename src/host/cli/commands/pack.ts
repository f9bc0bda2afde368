// `labs pack [lab]`: makes one file of a lab, to hand on.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { findLab } from '../../lab/catalogue.ts';
import { studentEdition, wholeEdition } from '../../pack/edition.ts';
import { writePack } from '../../pack/pack.ts';
import type { Context, Run } from '../context.ts';
import { wrap } from '../text.ts';

export const run: Run = async (context, [given = '.'], options) => {
  const { output, say, json, paths } = context;
  const { folder } = await findLab(paths.labs, given);
  const edition = options.student === true ? 'student' : 'whole';
  const { lab, files, readable } = await (edition === 'student' ? studentEdition(folder) : wholeEdition(folder));
  const version = lab.version ?? '0.0.0';
  const { bytes, digest } = await writePack({ name: lab.name, version, edition }, files);
  const name = `${lab.name}-${version}${edition === 'student' ? '.student' : ''}.lab.tgz`;
  const file = resolve(typeof options.out === 'string' ? options.out : name);
  await write(context, file, bytes);
  if (json) {
    output.line(
      JSON.stringify({ file, lab: lab.name, version, edition, digest, files: files.size, readable }, null, 2),
    );
    return ExitCode.ok;
  }
  output.line(output.paint('green', say.packed(file, files.size, Math.ceil(bytes.length / 1024))));
  output.line(digest);
  if (readable.length > 0)
    for (const line of wrap(say.packReadable(readable.join(', ')), output.width))
      output.note(output.paint('yellow', line));
  return ExitCode.ok;
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
