// Asks before a lab that was installed from elsewhere runs its scripts on this machine for the first time.
import { dirname } from 'node:path';
import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { printableLine } from '../../kit/printable.ts';
import { isScript } from '../lab/files.ts';
import { labFiles } from '../lab/load.ts';
import { originOf, trust } from '../pack/installed.ts';
import { choose } from './ask.ts';
import type { Context } from './context.ts';
import { wrap } from './text.ts';

/**
 * @param ask lets the user choose, for tests
 * @returns whether the lab may run. A lab that changed since the user agreed asks anew
 * @throws LabError `LAB_NEEDS_YES` if nobody can be asked
 */
export const mayRun = async (context: Context, lab: LabDefinition, ask = choose): Promise<boolean> => {
  const { output, say, paths } = context;
  if (dirname(lab.folder) !== paths.installed) return true;
  const origin = await originOf(paths.installed, lab.name);
  if (origin?.trusted === lab.digest) return true;
  const files = await labFiles(lab.folder);
  const scripts = [...files.keys()].filter(isScript);
  if (scripts.length > 0) {
    for (const line of wrap(say.trustWill(lab.name, origin?.source ?? '?', scripts.length), output.width))
      output.note(line);
    for (const script of scripts) output.note(`  ${script}`);
    output.note(say.trustFolder(lab.folder));
    if (!(await agreed(context, lab, { files, scripts, ask }))) return false;
  }
  await trust(paths.installed, lab.name, lab.digest);
  return true;
};

interface Question {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly scripts: readonly string[];
  readonly ask: typeof choose;
}

/** Asks until the user has decided: the scripts can be read before. */
const agreed = async (context: Context, { folder }: LabDefinition, question: Question): Promise<boolean> => {
  const { say, yes, output } = context;
  const { files, scripts, ask } = question;
  const choices = [
    { value: 'show', label: say.trustShow },
    { value: 'yes', label: say.trustYes },
    { value: 'no', label: say.trustNo },
  ];
  const nobody = (): LabError => {
    const command = `cd ${quoted(folder)} && tail -n +1 ${scripts.map(quoted).join(' ')}`;
    return new LabError('LAB_NEEDS_YES', say.needsYes, { exitCode: ExitCode.usage, hint: say.trustHint(command) });
  };
  for (;;) {
    if (yes) return true;
    const answer = await ask(context, say.trustQuestion, choices, nobody, 'show');
    if (answer !== 'show') return answer === 'yes';
    for (const script of scripts) {
      output.note(output.paint('bold', `\n── ${script}`));
      // A text of a stranger must not command the terminal, or hide in its colours.
      for (const line of String(files.get(script)).split('\n'))
        output.note(printableLine(line.replaceAll('\u001b', '\\x1b')));
    }
    output.note('');
  }
};

/** For a shell of the user. */
const quoted = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
