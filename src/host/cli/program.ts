// Parses a command line into one command to run, with commander, from the table in commands.ts.
import { type Argument, Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander';
import stringWidth from 'string-width';
import type { Language } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { commonOptions, type OptionSpec, optionsOf, takesLabFirst } from './command.ts';
import type { Command } from './command-table/types.ts';
import { commandGroups, commands, home } from './commands.ts';
import type { Options } from './context.ts';
import { type Messages, messagesIn } from './messages.ts';
import { wrap } from './text.ts';

/** What a command line asks for. */
export type Parsed =
  | { readonly kind: 'run'; readonly command: Command; readonly args: readonly string[]; readonly options: Options }
  /** The help or the version was printed. */
  | { readonly kind: 'printed' };

export interface ProgramOptions {
  readonly language: Language;
  readonly version: string;
  /** Columns of the help. */
  readonly width: number;
  readonly write: (text: string) => void;
  /** Without a command, shows the home page and not the help. */
  readonly onTerminal?: boolean;
  /** Gives commands the form in which the user types them. */
  readonly printed?: (text: string) => string;
}

interface Builder extends ProgramOptions {
  readonly say: Messages;
  readonly found: (parsed: Parsed) => void;
}

/** @throws LabError `LAB_USAGE` (exit code 2), with the nearest command or option as its hint */
export const parseCommandLine = (argv: readonly string[], options: ProgramOptions): Parsed => {
  let parsed: Parsed = { kind: 'printed' };
  const say = messagesIn(options.language, options.printed);
  const found = (run: Parsed): void => {
    parsed = run;
  };
  const program = buildProgram({ ...options, say, found });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // No command was given, perhaps some options.
    if (error.code === 'commander.help') {
      if (options.onTerminal) return { kind: 'run', command: home, args: [], options: program.opts() };
      program.outputHelp();
      return parsed;
    }
    if (error.exitCode !== 0) throw usageError(error, argv, { say, language: options.language });
  }
  return parsed;
};

const buildProgram = (builder: Builder): Commander => {
  const { language, say } = builder;
  const program = configure(new Commander('labs'), builder)
    .description(say.description)
    .version(builder.version, '-V, --version', say.printVersion)
    .usage('[options] <command>')
    .enablePositionalOptions()
    .addHelpText('after', () => examples(['start service-networking', 'check --watch', 'grade --json'], say))
    .addHelpText('after', () =>
      ['', ...[say.nameFirst, say.exitCodes].flatMap((text) => wrap(text, builder.width)), say.seeCommand].join('\n'),
    );
  addOptions(program, commonOptions, language);
  for (const { title, commands } of commandGroups) {
    program.commandsGroup(title[language]);
    for (const command of commands) addCommand(program, command, builder);
  }
  return program;
};

const addCommand = (program: Commander, command: Command, builder: Builder): void => {
  const { language, say, found } = builder;
  const { name, operands, summary, foreign, passThrough, freeText } = command;
  const parser = configure(program.command(operands === undefined ? name : `${name} ${operands}`), builder)
    .description(summary[language])
    .addHelpText('after', () => remarkOf(command, builder))
    .addHelpText('after', () => examples(command.examples, say));
  addOptions(parser, optionsOf(command), language);
  if (foreign || passThrough) parser.passThroughOptions();
  // lab-operand.ts counts the operands that follow the name of a lab.
  if (passThrough || takesLabFirst(command)) parser.allowExcessArguments();
  if (freeText) parser.allowUnknownOption();
  if (foreign) parser.allowUnknownOption().helpOption(false);
  parser.action(() => {
    const above = program.opts();
    const own = parser.opts();
    const options = { ...above, ...own, ...both(above, own, 'color'), ...both(above, own, 'pager') };
    found({ kind: 'run', command, args: parser.args, options });
  });
};

const remarkOf = ({ remark }: Command, { language, width }: Builder): string =>
  remark === undefined ? '' : ['', ...wrap(remark[language], width)].join('\n');

/** An option such as `--no-color` may stand before or after the command. */
const both = (above: Options, own: Options, name: string): Options => ({
  [name]: above[name] !== false && own[name] !== false,
});

const configure = (parser: Commander, { say, write, width }: Builder): Commander =>
  parser
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .helpOption('-h, --help', say.printHelp)
    .configureOutput({ writeOut: write, writeErr: () => {}, getOutHelpWidth: () => width })
    .configureHelp({
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(operand)].join(' '),
      // commander's own functions count a Korean letter as one column; it takes two.
      displayWidth: stringWidth,
      boxWrap: (text, columns) => wrap(text, columns).join('\n'),
      styleTitle: (title) => say.helpTitles[title] ?? title,
    });

const operand = (argument: Argument): string => {
  const text = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${text}>` : `[${text}]`;
};

const addOptions = (parser: Commander, specs: readonly OptionSpec[], language: Language): void => {
  for (const { flags, help, repeat, choices } of specs) {
    const option = new Option(flags, help[language]);
    if (repeat) option.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    if (choices) option.argParser(oneOf(choices));
    parser.addOption(option);
  }
};

/** commander's own `choices` would list the values a second time in the help. */
const oneOf =
  (choices: readonly string[]) =>
  (value: string): string => {
    if (!choices.includes(value)) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
    return value;
  };

const examples = (lines: readonly string[], say: Messages): string =>
  `\n${say.examples}\n${lines.map((line) => `  labs ${line}`).join('\n')}`;

/** commander's `error: unknown command 'strat'\n(Did you mean start?)` → message and hint. */
const usageError = (
  error: CommanderError,
  argv: readonly string[],
  { say, language }: Pick<Builder, 'say' | 'language'>,
): LabError => {
  const text = error.message.replace(/^error: /, '');
  const suggestion = /\n?\((Did you mean .*)\)\s*$/s.exec(text);
  const message = (suggestion ? text.slice(0, suggestion.index) : text).trim();
  const hint = suggestion?.[1]?.replace(/\n/g, ' ');
  const { json } = commandIn(argv) ?? home;
  const noJson = /'--json'$/.test(message) && typeof json === 'object' ? json[language] : undefined;
  return new LabError('LAB_USAGE', noJson ?? translate(message, say), {
    exitCode: ExitCode.usage,
    hint: hint === undefined ? say.seeHelp(['labs', commandIn(argv)?.name].join(' ').trim()) : translate(hint, say),
  });
};

/** The command whose help explains what was wrong. */
const commandIn = (argv: readonly string[]): Command | undefined => {
  const known = commands.filter(({ foreign }) => !foreign);
  return argv.map((word) => known.find(({ name }) => name === word)).find((command) => command !== undefined);
};

const translate = (text: string, { usageErrors }: Messages): string => {
  const known = usageErrors.find(([english]) => english.test(text));
  return known ? text.replace(...known) : text;
};
