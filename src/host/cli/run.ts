// One command line from end to end: reads the environment once, parses the command line, runs one command, turns failures into exit codes.

import type { Language } from '../../api/lab.ts';
import { ExitCode } from '../../kit/error.ts';
import type { CommandSpec } from './commands.ts';
import type { Context, Options, Run } from './context.ts';
import { type Environment, isLanguage, readEnvironment } from './environment.ts';
import { reportFailure } from './failure.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { loaders } from './loaders.ts';
import { messagesIn } from './messages.ts';
import { createOutput, type Output } from './output.ts';
import { findPaths } from './paths.ts';
import { parseCommandLine } from './program.ts';
import { version } from './version.ts';

/** Runs one command line and returns its exit code; never throws. */
export const main = async (argv: readonly string[], process: NodeJS.Process): Promise<number> => {
  let environment = readEnvironment(process.env, languageAsked(argv));
  const { stdin, stdout, stderr } = process;
  const byNpx = environment.byNpx && !argv.includes('--json');
  const outputWith = (color: boolean): Output => createOutput({ stdin, stdout, stderr, color, byNpx });
  let output = outputWith(!environment.noColor && !argv.includes('--no-color'));
  const interrupt = listenForInterrupt(
    process,
    (text) => output.note(text),
    () => messagesIn(environment.language),
  );
  const style = { json: argv.includes('--json'), debug: environment.debug || argv.includes('--debug') };
  try {
    const parsed = parseCommandLine(argv, {
      language: environment.language,
      version: `${version} (Node ${process.versions.node})`,
      width: Math.min(output.width, 80),
      write: output.write,
    });
    if (parsed.kind === 'printed') return ExitCode.ok;
    environment = readEnvironment(process.env, languageOf(parsed.options) ?? languageAsked(argv));
    output = outputWith(!environment.noColor && parsed.options.color !== false);
    const { run } = await loadCommand(parsed.spec);
    return await run(contextOf(parsed.options, environment, output, interrupt), parsed.args, parsed.options);
  } catch (error) {
    return reportFailure(error, output, { ...style, interrupted: interrupt.pressed }, messagesIn(environment.language));
  } finally {
    interrupt.release();
  }
};

const loadCommand = (spec: CommandSpec): Promise<{ readonly run: Run }> => {
  const [name = ''] = spec.usage.split(' ');
  const load = loaders[name];
  if (!load) throw new Error(`the command ${name} has no implementation`);
  return load();
};

const contextOf = (options: Options, environment: Environment, output: Output, interrupt: Interrupt): Context => ({
  environment,
  output,
  interrupt,
  version,
  say: messagesIn(environment.language),
  yes: options.yes === true,
  json: options.json === true,
  debug: environment.debug || options.debug === true,
  name: typeof options.name === 'string' ? options.name : environment.instance,
  signal: interrupt.signal,
  paths: findPaths(import.meta.url),
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

/** The language of `--lang`, before the command line is parsed: help and errors speak it, too. */
const languageAsked = (argv: readonly string[]): Language | undefined => {
  const index = argv.findIndex((argument) => argument === '--lang' || argument.startsWith('--lang='));
  const value = argv[index]?.split('=')[1] ?? argv[index + 1] ?? '';
  return index >= 0 && isLanguage(value) ? value : undefined;
};
