// Tells the cluster's API server from another program that has taken its address and its key.
import { componentPorts } from '../api/paths.ts';
import { isGenuine } from './genuine.ts';
import { pinnedAt } from './pins.ts';
import { describeProcesses, machineProcesses, type ProcessTable } from './processes.ts';

/** Questions of one look share one answer. */
const freshMs = 1000;

/** Whether kube-apiserver runs on the machine with this address. True for a machine that was never pinned. */
export const createApiServerCheck = (table: ProcessTable) => {
  const answers = new Map<string, { readonly at: number; readonly isOwn: Promise<boolean> }>();
  return (address: string): Promise<boolean> => {
    const known = answers.get(address);
    if (known && performance.now() - known.at < freshMs) return known.isOwn;
    const isOwn = runsApiServer(table, address);
    answers.set(address, { at: performance.now(), isOwn });
    return isOwn;
  };
};

const runsApiServer = async (table: ProcessTable, address: string): Promise<boolean> => {
  const place = await pinnedAt(address);
  if (!place) return true;
  const netns = { path: `/proc/${place.pid}/ns/net` };
  const judge = (hostPid: number, unit: string | undefined) => isGenuine({ hostPid, unit, place, netns });
  const processes = await describeProcesses(await machineProcesses(table, place.pid), judge);
  return processes.some(
    ({ unit, genuine, state, arguments: words }) =>
      unit === 'kube-apiserver.service' && genuine && state === 'running' && listensOnPort(words),
  );
};

const listensOnPort = (words: readonly string[]): boolean => {
  const ports = words.flatMap((word) => /^--secure-port=(.*)$/.exec(word)?.[1] ?? []);
  return ports.every((port) => Number(port) === componentPorts.apiServer);
};
