// The types of the table of commands.
import type { CommandSpec } from '../command.ts';
import type { Run } from '../context.ts';
import type { Words } from '../messages/words.ts';

export interface Command extends CommandSpec {
  /** Loads the command's module. Called when the command runs, so `labs --help` loads no such module. */
  load(): Promise<{ readonly run: Run }>;
}

export interface CommandGroup {
  readonly title: Words;
  readonly commands: readonly Command[];
}
