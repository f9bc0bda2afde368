// What may come next on a command line of labs: commands, options, their values, and names of labs, tasks and machines.
import type { Language } from '../../api/lab.ts';
import {
  type CommandSpec,
  commonOptions,
  type NameKind,
  type OptionSpec,
  optionsOf,
  takesLabFirst,
} from './command.ts';

/** A word, and what it means. */
export type Candidate = readonly [word: string, meaning: string];

export interface NameSource {
  /** The names of a kind in the running lab; `lab` is the one that the command line names. */
  of(kind: Exclude<NameKind, readonly string[]>, lab: string | undefined): Promise<readonly Candidate[]>;
  /** Completes a command line of kubectl. */
  kubectl(words: readonly string[], lab: string | undefined): Promise<readonly Candidate[]>;
}

export interface CompletionOptions {
  readonly commands: readonly CommandSpec[];
  readonly names: NameSource;
  readonly language: Language;
}

/** @param words after `labs`; the last one is being typed and may be empty */
export const candidatesFor = async (
  words: readonly string[],
  options: CompletionOptions,
): Promise<readonly Candidate[]> => {
  // bash splits `--name=x` at the equals sign.
  const current = words.at(-1) === '=' ? '' : (words.at(-1) ?? '');
  const line = readLine(
    words.slice(0, -1).filter((word) => word !== '='),
    options.commands,
  );
  const all = await possible(line, current, options);
  return all.filter(([word]) => word.startsWith(current));
};

interface Line {
  readonly command: CommandSpec | undefined;
  readonly operands: readonly string[];
  /** The value of `--name`. */
  readonly lab: string | undefined;
  /** The option whose value is being typed. */
  readonly option: OptionSpec | undefined;
}

const readLine = (before: readonly string[], commands: readonly CommandSpec[]): Line => {
  let line: Line = { command: undefined, operands: [], lab: undefined, option: undefined };
  for (const word of before) {
    if (line.option)
      line = { ...line, option: undefined, ...(line.option.flags.includes('--name') ? { lab: word } : {}) };
    else if (word.startsWith('-') && isOwn(word, line)) line = withOption(line, word);
    else if (line.command) line = { ...line, operands: [...line.operands, word] };
    else line = { ...line, command: commands.find(({ name }) => name === word) };
  }
  return line;
};

/** The option belongs to labs, not to the program that the command runs. */
const isOwn = (word: string, { command, operands }: Line): boolean => {
  if (command?.foreign) return operands.length === 0 && /^--name(=|$)/.test(word);
  return !(command?.passThrough && operands.length > 0);
};

const withOption = (line: Line, word: string): Line => {
  const [flag = '', value] = word.split('=', 2);
  const known = line.command ? optionsOf(line.command) : commonOptions;
  const option = known.find(({ flags }) => flags.split(/[ ,]+/).includes(flag));
  if (value !== undefined && flag === '--name') return { ...line, lab: value };
  return value === undefined && option && takesValue(option) ? { ...line, option } : line;
};

const takesValue = ({ flags }: OptionSpec): boolean => flags.includes('<');

const possible = async (line: Line, current: string, options: CompletionOptions): Promise<readonly Candidate[]> => {
  const { commands, names, language } = options;
  const { command, operands, option, lab } = line;
  if (option) return valuesOf(option, line, names);
  if (command?.foreign) return names.kubectl([...operands, current], lab);
  const ended = command?.passThrough && operands.length > (command.completes?.length ?? 0);
  if (ended) return [];
  if (current.startsWith('-')) return flagsOf(command, language);
  if (!command) return commands.map(({ name, summary }) => [name, summary[language]] as const);
  return operandsOf(command, line, names);
};

const operandsOf = async (command: CommandSpec, line: Line, names: NameSource): Promise<readonly Candidate[]> => {
  const { operands, lab } = line;
  const { completes = [] } = command;
  if (!takesLabFirst(command)) return namesOf(completes[operands.length], lab, names);
  const running = await names.of('running', lab);
  const first = running.find(([name]) => name === operands[0])?.[0];
  const position = operands.length - (first === undefined ? 0 : 1);
  const own = await namesOf(completes[position], first ?? lab, names);
  return operands.length === 0 && running.length > 1 ? [...own, ...running] : own;
};

const valuesOf = (option: OptionSpec, { lab }: Line, names: NameSource): Promise<readonly Candidate[]> =>
  namesOf(option.choices ?? option.completes, lab, names);

const namesOf = async (
  kind: NameKind | undefined,
  lab: string | undefined,
  names: NameSource,
): Promise<readonly Candidate[]> => {
  if (kind === undefined) return [];
  return typeof kind === 'string' ? names.of(kind, lab) : kind.map((word) => [word, ''] as const);
};

const flagsOf = (command: CommandSpec | undefined, language: Language): readonly Candidate[] => [
  ...(command ? optionsOf(command) : commonOptions).flatMap(({ flags, help }) => {
    const [flag] = /--[\w-]+/.exec(flags) ?? [];
    return flag === undefined ? [] : [[flag, help[language]] as const];
  }),
  ['--help', ''],
];
