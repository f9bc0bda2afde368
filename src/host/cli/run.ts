// Runs one command line from start to end: environment, command line, command, exit code.
import type { Language } from '../../api/lab.ts';
import { ExitCode } from '../../kit/error.ts';
import { commandForms, npxForm } from './command-form.ts';
import { commands } from './commands.ts';
import type { Context, Options } from './context.ts';
import { type Environment, isLanguage, readEnvironment } from './environment.ts';
import { reportFailure } from './failure.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { takeLabOperand } from './lab-operand.ts';
import { messagesIn } from './messages.ts';
import { createOutput, type Output } from './output.ts';
import { pagerIn, showInPager } from './pager.ts';
import { findPaths, findRoot } from './paths.ts';
import { parseCommandLine } from './program.ts';
import { version } from './version.ts';

/** @returns the exit code. Never throws. */
export const main = async (argv: readonly string[], process: NodeJS.Process): Promise<number> => {
  // These options also apply to usage errors and --help, so they are read before the command line is parsed.
  const json = argv.includes('--json');
  let environment = readEnvironment(process.env, languageAsked(argv));
  const interrupt: Interrupt = listenForInterrupt(
    process,
    (text) => output.note(text),
    () => messagesIn(environment.language),
  );
  const paged = !argv.includes('--no-pager');
  let output = outputOf(process, environment, { plain: argv.includes('--no-color'), json, paged, interrupt });
  let style = { json, debug: environment.debug || argv.includes('--debug') };
  try {
    const parsed = parseCommandLine(argv, {
      language: environment.language,
      version: `${version} (Node ${process.versions.node})`,
      width: output.width,
      write: output.write,
      printed: output.printed,
      onTerminal: output.terminal,
    });
    if (parsed.kind === 'printed') return await flushed(output, ExitCode.ok);
    const { command, args, options } = parsed;
    environment = readEnvironment(process.env, languageOf(options) ?? languageAsked(argv));
    // The option of a program that labs runs is not for labs: `labs shell node01 -- lsblk --json`.
    style = { ...style, json: options.json === true };
    output = outputOf(process, environment, {
      plain: options.color === false,
      json: style.json,
      paged: command.paged === true && options.pager !== false && options.watch !== true,
      interrupt,
    });
    const { run } = await command.load();
    const given = { ...contextOf(options, environment, output, interrupt), inTime: command.inTime === true };
    const taken = await takeLabOperand(given, command, args);
    return await flushed(output, await run(taken.context, taken.args, options));
  } catch (error) {
    await output.flush();
    return reportFailure(error, output, { ...style, interrupted: interrupt.pressed }, messagesIn(environment.language));
  } finally {
    interrupt.release();
  }
};

const flushed = async (output: Output, exitCode: number): Promise<number> => {
  await output.flush();
  return exitCode;
};

interface OutputChoices {
  readonly plain: boolean;
  readonly json: boolean;
  readonly paged: boolean;
  readonly interrupt: Interrupt;
}

const outputOf = (
  { stdin, stdout, stderr }: NodeJS.Process,
  environment: Environment,
  { plain, json, paged, interrupt }: OutputChoices,
): Output => {
  const { color, variables } = environment;
  const program = npxForm({ variables, root: findRoot(import.meta.url), version }) ?? 'labs';
  const command = paged && !json ? pagerIn(environment) : undefined;
  return createOutput({
    stdin,
    stdout,
    stderr,
    color: plain ? 'never' : color,
    ...(json ? {} : { rewrite: commandForms(commands, program, environment.languageToName) }),
    ...(command ? { pager: (text: string) => showInPager(text, { command, variables, interrupt }) } : {}),
  });
};

const contextOf = (options: Options, environment: Environment, output: Output, interrupt: Interrupt): Context => ({
  environment,
  output,
  interrupt,
  version,
  commands,
  say: messagesIn(environment.language, output.printed),
  yes: options.yes === true,
  json: options.json === true,
  name: typeof options.name === 'string' ? options.name : environment.instance,
  signal: interrupt.signal,
  paths: findPaths(import.meta.url, environment.dataFolder),
  docker: once(async () => (await import('../docker/dockerode.ts')).connectDocker(environment.variables)),
});

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

const languageOf = (options: Options): Language | undefined =>
  typeof options.lang === 'string' && isLanguage(options.lang) ? options.lang : undefined;

/** The value of `--lang`, anywhere in the command line. */
const languageAsked = (argv: readonly string[]): Language | undefined => {
  const index = argv.findIndex((argument) => argument === '--lang' || argument.startsWith('--lang='));
  const value = argv[index]?.split('=')[1] ?? argv[index + 1] ?? '';
  return index >= 0 && isLanguage(value) ? value : undefined;
};
