// Reads the kernel's lists of the sockets of a network namespace: /proc/PID/net/{tcp,udp,tcp6,udp6}.
import type { Namespace } from './namespaces.ts';
import { readProc } from './proc.ts';
import { runOk } from './run.ts';

export type SocketTable = 'tcp' | 'udp' | 'tcp6' | 'udp6';

const timeoutMs = 5000;

/** `listeners.ts` parses the text. */
export const readSocketTable = async (
  { hostPid, netns }: Pick<Namespace, 'hostPid' | 'netns'>,
  table: SocketTable,
  signal?: AbortSignal,
): Promise<string> =>
  // In a namespace without a process, `cat` reads the table: /proc/self/net shows the namespace of the reader.
  hostPid === undefined
    ? await runOk(['cat', `/proc/self/net/${table}`], { netns, timeoutMs, signal })
    : ((await readProc(`/proc/${hostPid}/net/${table}`)) ?? '');
