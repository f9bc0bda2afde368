// `labs completion bash|zsh|fish`: prints a script that asks `labs completion words …` for what may come next.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { namesIn } from '../completion-names.ts';
import { completionScripts } from '../completion-scripts.ts';
import { candidatesFor } from '../completion-words.ts';
import type { Context, Run } from '../context.ts';

export const run: Run = async (context, [shell = 'bash', ...words]) => {
  const { output, say } = context;
  if (shell === 'words') return printWords(context, words);
  if (!isShell(shell)) {
    throw new LabError('LAB_USAGE', say.unknownShell(shell), {
      exitCode: ExitCode.usage,
      hint: say.unknownShellHint,
    });
  }
  if (words.length > 0) throw refuse(context, words);
  output.write(completionScripts[shell]);
  return ExitCode.ok;
};

/** The parser leaves options behind the shell to `labs completion words`. */
const refuse = ({ say, commands, environment }: Context, words: readonly string[]): LabError => {
  const reason = commands.find(({ name }) => name === 'completion')?.json;
  const isJson = words.includes('--json') && typeof reason === 'object';
  return new LabError('LAB_USAGE', isJson ? reason[environment.language] : say.tooManyOperands('completion'), {
    exitCode: ExitCode.usage,
    hint: say.seeHelp('labs completion'),
  });
};

/** A candidate in each line: the word, a tab, its meaning. */
const printWords = async (context: Context, words: readonly string[]): Promise<number> => {
  const { output, commands, environment } = context;
  const options = { commands, names: namesIn(context), language: environment.language };
  const found = await candidatesFor(words, options);
  for (const [word, meaning] of found) output.line(meaning === '' ? word : `${word}\t${meaning}`);
  return ExitCode.ok;
};

const isShell = (name: string): name is keyof typeof completionScripts => Object.hasOwn(completionScripts, name);
