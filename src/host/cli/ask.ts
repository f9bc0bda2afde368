// Asks the person at the terminal. Without a terminal, the answer must be on the command line.
import { styleText } from 'node:util';
import { ExitCode, LabError } from '../../kit/error.ts';
import type { Context } from './context.ts';
import { wrap } from './text.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** Lets the person choose. @throws the error that `otherwise` makes, if nobody can be asked */
export const choose = async (
  context: Context,
  question: string,
  choices: readonly Choice[],
  otherwise: () => LabError,
  byDefault?: string,
): Promise<string> => {
  if (!context.output.interactive || context.yes) throw otherwise();
  return prompt<string>(context, {
    type: 'select',
    message: question,
    choices: choices.map(({ value, label }) => ({ value, name: label })),
    // All of them, if the screen has the room; the question and the keys take two lines.
    pageSize: Math.max(5, Math.min(choices.length, (process.stdout.rows || 24) - 3)),
    loop: false,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  });
};

/** True with `--yes`. @throws LabError `LAB_NEEDS_YES` if nobody can be asked */
export const confirm = async (context: Context, question: string, byDefault = false): Promise<boolean> => {
  if (context.yes) return true;
  if (!context.output.interactive) {
    const { needsYes, needsYesHint } = context.say;
    throw new LabError('LAB_NEEDS_YES', needsYes, { exitCode: ExitCode.usage, hint: needsYesHint });
  }
  // inquirer would break a long question inside a word. It puts `? ` before the question and ` (y/N) ` behind it.
  const message = wrap(question, context.output.width - 9).join('\n  ');
  const transformer = (agreed: boolean): string => (agreed ? context.say.agreed : context.say.declined);
  return prompt<boolean>(context, { type: 'confirm', message, default: byDefault, transformer });
};

/** The end of a command that the person declined. A program reads null. @returns the exit code */
export const declined = ({ output, say, json }: Context): ExitCode => {
  output.line(json ? 'null' : say.notConfirmed);
  return ExitCode.ok;
};

/** Asks for a line of text. An empty input means `byDefault`. */
export const ask = (context: Context, question: string, byDefault?: string): Promise<string> =>
  prompt<string>(context, {
    type: 'input',
    message: question,
    ...(byDefault === undefined ? {} : { default: byDefault }),
  });

/** Lines that arrive within this time belong to one paste. */
const pasteMs = 60;

/** Asks for an answer, which may be a paste of several lines. Ends with Enter. */
export const askLines = async (context: Context, question: string): Promise<string> => {
  await context.output.flush();
  const { createInterface } = await import('node:readline');
  const { stdin, stdout } = process;
  const reader = createInterface({ input: stdin, output: stdout, terminal: true, prompt: `? ${question} ` });
  const answered = Promise.withResolvers<string>();
  const lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  // A paste without a newline at its end leaves a started line. Its Enter is still to come.
  const finish = () => reader.line === '' && answered.resolve(lines.join('\n'));
  reader.on('line', (line) => {
    lines.push(line);
    clearTimeout(timer);
    timer = setTimeout(finish, pasteMs);
  });
  reader.on('SIGINT', () => {
    context.interrupt.cancel();
    answered.reject(context.signal.reason);
  });
  reader.on('close', () => answered.resolve(lines.join('\n')));
  reader.prompt();
  try {
    return await answered.promise;
  } finally {
    clearTimeout(timer);
    reader.close();
  }
};

/** inquirer's own words are English. */
export const themeIn = (say: Pick<Context['say'], 'keyNavigate' | 'keySelect' | 'yesOrNo'>) => ({
  prefix: '?',
  keywords: { error: (): string => say.yesOrNo },
  style: {
    keysHelpTip: (keys: readonly (readonly [key: string, action: string])[]): string =>
      keys
        .map(([key, action]) => {
          const said = { navigate: say.keyNavigate, select: say.keySelect }[action] ?? action;
          return `${styleText('bold', key)} ${styleText('dim', said)}`;
        })
        .join(styleText('dim', ' • ')),
  },
});

const prompt = async <T>(context: Context, question: Record<string, unknown>): Promise<T> => {
  await context.output.flush();
  const { default: inquirer } = await import('inquirer');
  try {
    const answers = await inquirer.prompt(
      [{ theme: themeIn(context.say), ...question, name: 'answer' }] as never,
      undefined,
    );
    return (answers as { answer: T }).answer;
  } catch (error) {
    // inquirer throws this on Ctrl-C.
    if (error instanceof Error && error.name === 'ExitPromptError') {
      context.interrupt.cancel();
      throw context.signal.reason;
    }
    throw error;
  }
};
