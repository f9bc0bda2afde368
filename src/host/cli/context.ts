// What every command gets: the environment, the output, the words of the user's language, and the signal to stop.
import type { Containers } from '../docker/port.ts';
import type { CommandSpec } from './command.ts';
import type { Environment } from './environment.ts';
import type { Interrupt } from './interrupt.ts';
import type { Messages } from './messages.ts';
import type { Output } from './output.ts';
import type { Paths } from './paths.ts';

export interface Context {
  readonly environment: Environment;
  readonly output: Output;
  /** Every sentence in the user's language. */
  readonly say: Messages;
  /** `--yes`: ask nothing. */
  readonly yes: boolean;
  /** `--json`: print for a program. */
  readonly json: boolean;
  /** The command is refused when the time of an exam is over. */
  readonly inTime?: boolean;
  /** The running lab that `--name` or LABS_NAME means. */
  readonly name: string | undefined;
  readonly interrupt: Interrupt;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly paths: Paths;
  /** All commands, for shell completion. */
  readonly commands: readonly CommandSpec[];
  /** Connects to Docker on the first call. */
  docker(): Promise<Containers>;
}

/** A command's options by their long names in camel case, as commander gives them. */
export type Options = Readonly<Record<string, unknown>>;

/** What a module in commands/ exports as `run`. @returns the exit code: an `ExitCode`, or the exit code of a program */
export type Run = (context: Context, args: readonly string[], options: Options) => Promise<number>;
