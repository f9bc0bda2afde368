// Collects the sentences of messages/ in one language. The summaries of commands and the help of options are in
// commands.ts and command.ts. Titles, tasks and hints come from the lab.
import type { Language } from '../../api/lab.ts';
import { rewriteTexts } from './command-form.ts';
import { authorMessages } from './messages/authors.ts';
import { clusterMessages } from './messages/cluster.ts';
import { devMessages } from './messages/dev.ts';
import { diffMessages } from './messages/diff.ts';
import { doctorMessages } from './messages/doctor.ts';
import { errorMessages } from './messages/errors.ts';
import { evidenceMessages } from './messages/evidence.ts';
import { explainMessages } from './messages/explain.ts';
import { generalMessages } from './messages/general.ts';
import { helpMessages } from './messages/help.ts';
import { installProxyMessages } from './messages/install-proxy.ts';
import { labTestMessages } from './messages/lab-test.ts';
import { labMessages } from './messages/labs.ts';
import { machineMessages } from './messages/machine.ts';
import { progressMessages } from './messages/progress.ts';
import { submissionMessages } from './messages/submission.ts';
import { taskMessages } from './messages/tasks.ts';
import { timeMessages } from './messages/time.ts';
import { traceMessages } from './messages/trace.ts';
import { wayInMessages } from './messages/way-in.ts';

/** First the sentences that all commands share, then one group for each group of commands in `labs --help`. */
export const messageGroups = [
  generalMessages,
  errorMessages,
  helpMessages,
  labMessages,
  taskMessages,
  evidenceMessages,
  submissionMessages,
  labTestMessages,
  progressMessages,
  timeMessages,
  clusterMessages,
  traceMessages,
  explainMessages,
  diffMessages,
  wayInMessages,
  installProxyMessages,
  authorMessages,
  devMessages,
  machineMessages,
  doctorMessages,
] as const;

type Pairs = typeof generalMessages &
  typeof errorMessages &
  typeof helpMessages &
  typeof labMessages &
  typeof taskMessages &
  typeof evidenceMessages &
  typeof submissionMessages &
  typeof labTestMessages &
  typeof progressMessages &
  typeof timeMessages &
  typeof clusterMessages &
  typeof traceMessages &
  typeof explainMessages &
  typeof diffMessages &
  typeof wayInMessages &
  typeof installProxyMessages &
  typeof authorMessages &
  typeof devMessages &
  typeof machineMessages &
  typeof doctorMessages;

/** Key → sentence. A sentence with gaps is a function. */
export type Messages = { readonly [Key in keyof Pairs]: Pairs[Key]['en'] };

/** @param printed changes each text, gaps filled in: it gives commands the form in which the user types them */
export const messagesIn = (language: Language, printed: (text: string) => string = (text) => text): Messages => {
  const messages = {};
  // Read late, because the form of commands is known only when the lab is.
  for (const group of messageGroups)
    for (const [key, words] of Object.entries(group))
      Object.defineProperty(messages, key, { enumerable: true, get: () => rewriteTexts(words[language], printed) });
  return messages as Messages;
};
