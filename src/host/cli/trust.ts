// Asks before a lab that was installed from elsewhere runs its scripts on this machine for the first time.
import { dirname } from 'node:path';
import type { LabDefinition } from '../../api/lab.ts';
import { isScript } from '../lab/files.ts';
import { labFiles } from '../lab/load.ts';
import { originOf, trust } from '../pack/installed.ts';
import { confirm } from './ask.ts';
import type { Context } from './context.ts';
import { wrap } from './text.ts';

/** @returns whether the lab may run. A lab that changed since the user agreed asks anew */
export const mayRun = async (context: Context, lab: LabDefinition): Promise<boolean> => {
  const { output, say, paths } = context;
  if (dirname(lab.folder) !== paths.installed) return true;
  const origin = await originOf(paths.installed, lab.name);
  if (origin?.trusted === lab.digest) return true;
  const scripts = [...(await labFiles(lab.folder)).keys()].filter(isScript);
  if (scripts.length > 0) {
    for (const line of wrap(say.trustWill(lab.name, origin?.source ?? '?', scripts.length), output.width))
      output.note(line);
    for (const script of scripts) output.note(`  ${script}`);
    output.note(say.trustFolder(lab.folder));
    if (!(await confirm(context, say.trustQuestion))) return false;
  }
  await trust(paths.installed, lab.name, lab.digest);
  return true;
};
