// All commands, in the order of the help. The help, the parser, shell completion and the hints for npx users derive
// from the table in command-table/. docs/how-to/add-a-command.md says how to add one.
import { authorsCommands } from './command-table/authors.ts';
import { clusterCommands } from './command-table/cluster.ts';
import { machineCommands } from './command-table/machine.ts';
import { runningCommands } from './command-table/running.ts';
import { tasksCommands } from './command-table/tasks.ts';
import type { Command, CommandGroup } from './command-table/types.ts';
import { both } from './messages/words.ts';

export const commandGroups: readonly CommandGroup[] = [
  runningCommands,
  tasksCommands,
  clusterCommands,
  authorsCommands,
  machineCommands,
];

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands);

/** `labs` without a command, on a terminal. Elsewhere, `labs` prints its help. */
export const home: Command = {
  name: '',
  load: () => import('./commands/home.ts'),
  summary: both('Show where you are', '진행 상황 보기'),
  json: both(
    '`--json` comes behind a command: `labs status --json`',
    '`--json`은 명령 뒤에 쓰세요: `labs status --json`',
  ),
  examples: [],
};
