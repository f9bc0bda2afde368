// Collects the sentences of messages/ in one language. Summaries and option helps are in commands.ts and command.ts.
// Titles, tasks and hints come from the lab.
import type { Language } from '../../api/lab.ts';
import { clusterMessages } from './messages/cluster.ts';
import { generalMessages } from './messages/general.ts';
import { helpMessages } from './messages/help.ts';
import { labMessages } from './messages/labs.ts';
import { machineMessages } from './messages/machine.ts';
import { taskMessages } from './messages/tasks.ts';

/** By the groups of commands in `labs --help`, after the sentences that all commands share. */
export const messageGroups = [
  generalMessages,
  helpMessages,
  labMessages,
  taskMessages,
  clusterMessages,
  machineMessages,
] as const;

type Pairs = typeof generalMessages &
  typeof helpMessages &
  typeof labMessages &
  typeof taskMessages &
  typeof clusterMessages &
  typeof machineMessages;

/** Key → sentence, or a function that fills the gaps of one. */
export type Messages = { readonly [Key in keyof Pairs]: Pairs[Key]['en'] };

export const messagesIn = (language: Language): Messages =>
  Object.fromEntries(
    messageGroups.flatMap((group) => Object.entries(group).map(([key, words]) => [key, words[language]])),
  ) as Messages;
