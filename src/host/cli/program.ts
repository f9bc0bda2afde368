// Command table → commander: parses a command line into one command to run, or into words that explain what was wrong.
import { type Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Language } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { type CommandSpec, commandGroups, commonOptions, jsonOption, type OptionSpec, type Words } from './commands.ts';
import type { Options } from './context.ts';

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: 'run'; readonly spec: CommandSpec; readonly args: readonly string[]; readonly options: Options }
  /** Help or version were printed. */
  | { readonly kind: 'printed' };

export interface ProgramOptions {
  readonly language: Language;
  readonly version: string;
  readonly width: number;
  readonly write: (text: string) => void;
}

/** @throws LabError `LAB_USAGE` (exit code 2) with the nearest command or option as a hint. */
export const parseCommandLine = (argv: readonly string[], options: ProgramOptions): Parsed => {
  let parsed: Parsed = { kind: 'printed' };
  const program = buildProgram(options, (run) => {
    parsed = run;
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return { kind: 'printed' };
      throw usageError(error, options.language);
    }
    throw error;
  }
  return parsed;
};

const description: Words = {
  en: 'Hands-on labs for Kubernetes networking: a real cluster in seconds, graded live.',
  ko: 'Kubernetes 네트워킹 실습: 몇 초 만에 진짜 클러스터를 만들고 실시간으로 채점합니다.',
};

const buildProgram = (options: ProgramOptions, found: (parsed: Parsed) => void): Command => {
  const { language } = options;
  const program = configure(new Command('labs'), options)
    .description(description[language])
    .version(options.version, '-V, --version', language === 'ko' ? '버전 출력' : 'print the version')
    .usage('[options] <command>')
    .enablePositionalOptions()
    .addHelpText('after', examples(['start service-networking', 'check --watch', 'grade --json'], language))
    .addHelpText('after', footer[language]);
  addOptions(program, commonOptions, language);
  for (const { title, commands } of commandGroups) {
    program.commandsGroup(title[language]);
    for (const spec of commands) addCommand(program, spec, options, found);
  }
  return program;
};

const addCommand = (
  program: Command,
  spec: CommandSpec,
  options: ProgramOptions,
  found: (parsed: Parsed) => void,
): void => {
  const { language } = options;
  const [name = '', ...operands] = spec.usage.split(' ');
  const command = configure(program.command([name, ...operands].join(' ')), options)
    .description(spec.summary[language])
    .addHelpText('after', examples(spec.examples, language));
  addOptions(command, spec.options ?? [], language);
  if (spec.json) addOptions(command, [jsonOption], language);
  if (spec.foreign) command.passThroughOptions().allowUnknownOption().helpOption(false);
  else addOptions(command, commonOptions, language);
  if (spec.passThrough) command.passThroughOptions();
  command.action(() => {
    const above = program.opts();
    const own = command.opts();
    const merged = { ...above, ...own, color: above.color !== false && own.color !== false };
    found({ kind: 'run', spec, args: command.args, options: merged });
  });
};

const configure = (command: Command, options: ProgramOptions): Command =>
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .helpOption('-h, --help', options.language === 'ko' ? '도움말' : 'print help')
    .configureOutput({ writeOut: options.write, writeErr: () => {}, getOutHelpWidth: () => options.width })
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(operand)].join(' '),
      ...(options.language === 'ko' ? { styleTitle: (title: string) => koreanTitles[title] ?? title } : {}),
    });

/** commander's own `choices` would repeat in each command's help what the words say. */
const oneOf =
  (choices: readonly string[]) =>
  (value: string): string => {
    if (!choices.includes(value)) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
    return value;
  };

const operand = (argument: Argument): string => {
  const text = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${text}>` : `[${text}]`;
};

const koreanTitles: Readonly<Record<string, string>> = {
  'Usage:': '사용법:',
  'Options:': '옵션:',
  'Arguments:': '인자:',
  'Commands:': '명령:',
};

const addOptions = (command: Command, specs: readonly OptionSpec[], language: Language): void => {
  for (const spec of specs) {
    const option = new Option(spec.flags, spec.help[language]);
    if (spec.repeat) option.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    if (spec.choices) option.argParser(oneOf(spec.choices));
    command.addOption(option);
  }
};

const examples = (lines: readonly string[], language: Language): string =>
  `\n${language === 'ko' ? '예:' : 'Examples:'}\n${lines.map((line) => `  labs ${line}`).join('\n')}`;

const footer: Words = {
  en: '\nExit codes: 0 done or all checks pass, 1 a check failed, 2 wrong usage or\ndefinition, 3 something broke. See also `labs <command> --help`.',
  ko: '\n종료 코드: 0 완료 또는 모든 확인 통과, 1 확인 실패, 2 잘못된 사용 또는 정의, 3 고장.\n`labs <명령> --help`로 명령별 도움말을 볼 수 있습니다.',
};

/** commander's `error: unknown command 'strat'\n(Did you mean start?)` → message and hint. */
const usageError = (error: CommanderError, language: Language): LabError => {
  const text = error.message.replace(/^error: /, '');
  const suggestion = /\n?\((Did you mean .*)\)\s*$/s.exec(text);
  const message = (suggestion ? text.slice(0, suggestion.index) : text).trim();
  const hint = suggestion?.[1]?.replace(/\n/g, ' ') ?? 'See `labs --help`.';
  const translate = language === 'ko' ? inKorean : (words: string) => words;
  return new LabError('LAB_USAGE', translate(message), { exitCode: ExitCode.usage, hint: translate(hint) });
};

/** commander speaks English only. What isn't here, few will meet, and stays as it is. */
const korean: readonly (readonly [RegExp, string])[] = [
  [/^unknown command '(.*)'$/, '"$1"이라는 명령이 없습니다'],
  [/^unknown option '(.*)'$/, '"$1"이라는 옵션이 없습니다'],
  [/^missing required argument '(.*)'$/, '인자가 빠졌습니다: $1'],
  [/^option '(.*)' argument missing$/, '옵션에 값이 빠졌습니다: $1'],
  [/^too many arguments.*$/, '인자가 너무 많습니다'],
  [/^Did you mean (?:one of )?(.*)\?$/, '혹시 $1인가요?'],
  [/^See `labs --help`\.$/, '`labs --help`를 보세요.'],
];

const inKorean = (text: string): string => {
  const known = korean.find(([english]) => english.test(text));
  return known ? text.replace(known[0], known[1]) : text;
};
