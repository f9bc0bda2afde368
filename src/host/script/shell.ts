// `$` of a script's handle: puts a command together, and shows what it wrote.
import type { PlaceRef } from '../../api/lab.ts';
import type { Command, CommandOutput, Shell, ShellOptions, ShellValue } from '../../api/script.ts';
import { checkCall, WrongCall } from './arguments.ts';
import type { RanCommand } from './calls.ts';

/** Runs a shell script at a place. */
export type RunScript = (script: string, input: string | undefined) => Promise<RanCommand>;

export const shellAt = (place: PlaceRef, run: RunScript, options: ShellOptions = {}): Shell => {
  function shell(pieces: TemplateStringsArray, ...values: readonly ShellValue[]): Command;
  function shell(more: ShellOptions): Shell;
  function shell(first: TemplateStringsArray | ShellOptions, ...values: readonly ShellValue[]): Command | Shell {
    if (isTemplate(first)) return commandOf(place, scriptOf(first, values), run, options);
    checkCall('$', [first, ...values]);
    return shellAt(place, run, { ...options, ...first });
  }
  return shell;
};

const isTemplate = (value: unknown): value is TemplateStringsArray => Array.isArray(value) && 'raw' in value;

const scriptOf = (pieces: TemplateStringsArray, values: readonly ShellValue[]): string =>
  pieces.map((piece, index) => (index === 0 ? piece : quote(values[index - 1]) + piece)).join('');

/** One word for a shell, or a word for each value of a list. */
const quote = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(quote).join(' ');
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongValue(value);
  const word = String(value);
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
};

const wrongValue = (value: unknown): WrongCall => {
  const problem = `a value in a command must be a text, a number or a list of them, not ${JSON.stringify(value)}`;
  return new WrongCall(`wrong call of \`lab.node(name).$\`: ${problem}`);
};

const commandOf = (place: PlaceRef, script: string, run: RunScript, options: ShellOptions): Command => {
  let throws = options.nothrow !== true;
  // Made here, the error's stack names the line of the script.
  const failure = new Error();
  const output = run(script, options.input).then((ran) => {
    if (!throws || ran.exitCode === 0) return outputOf(ran);
    const said = (ran.stderr.trim() || ran.stdout.trim()).split('\n').slice(-5).join('\n');
    failure.message = `\`${firstLine(script)}\` on ${shown(place)} ended with exit code ${ran.exitCode}: ${said}`;
    throw failure;
  });
  const command: Command = Object.assign(output, {
    // Commands end later, so this comes before the look at the exit code.
    nothrow() {
      throws = false;
      return command;
    },
    text: async () => (await output).text(),
    lines: async () => (await output).lines(),
    json: async <T>() => (await output).json<T>(),
  });
  return command;
};

const outputOf = (ran: RanCommand): CommandOutput => ({
  ...ran,
  text: () => ran.stdout.replace(/\r?\n$/, ''),
  lines: () => ran.stdout.split(/\r?\n/).slice(0, ran.stdout.endsWith('\n') ? -1 : undefined),
  json: <T>() => JSON.parse(ran.stdout) as T,
});

/** A whole script would hide what its program said. */
const firstLine = (script: string): string => {
  const [first = '', ...more] = script.trim().split('\n');
  return more.length > 0 ? `${first} …` : first;
};

/** A machine by its name alone, as students know it. */
const shown = (place: PlaceRef): string => place.replace(/^(node|client)\//, '');
