// What every command is given: the environment, where to write, which words to use, and when to stop.
import type { ExitCode } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import type { Environment } from './environment.ts';
import type { Interrupt } from './interrupt.ts';
import type { Messages } from './messages.ts';
import type { Output } from './output.ts';
import type { Paths } from './paths.ts';

export interface Context {
  readonly environment: Environment;
  readonly output: Output;
  readonly say: Messages;
  /** Never ask: take the default or what was given. */
  readonly yes: boolean;
  /** Answer for a program. */
  readonly json: boolean;
  readonly debug: boolean;
  /** The instance that the command line names, with `--name`. */
  readonly name: string | undefined;
  readonly interrupt: Interrupt;
  readonly signal: AbortSignal;
  readonly version: string;
  readonly paths: Paths;
  /** Docker, connected when first asked for. */
  docker(): Promise<Containers>;
}

/** A command's options by their long names, as commander gives them. */
export type Options = Readonly<Record<string, unknown>>;

/** Each command module exports one as `run`. */
export type Run = (context: Context, args: readonly string[], options: Options) => Promise<ExitCode | number>;
