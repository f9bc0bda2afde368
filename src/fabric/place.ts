// Finds the network namespace of a place: a machine, or a pod that is identified by its address.
import { type FileHandle, open, readlink } from 'node:fs/promises';
import type { Place } from '../api/fabric.ts';
import { type Ipv4, parseIpv4 } from '../api/scalars.ts';
import { readProc } from './proc.ts';
import { type MachineProcess, machineInit, machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, type Netns, runOk } from './run.ts';

/** A network namespace of a machine, with a process in it if there is one. */
export interface Namespace {
  /** `net:[4026532450]` */
  readonly id: string;
  readonly netns: Netns;
  /** A process in the namespace. Undefined: the namespace is only mounted. */
  readonly hostPid?: number;
}

/** Network namespaces. Disposing closes the files that were opened to reach them. */
export interface Namespaces extends AsyncDisposable {
  readonly all: readonly Namespace[];
}

/** The network namespaces of the machine's processes, and those that are mounted below its /run/netns. */
export const namespacesOf = async (initPid: number, members: readonly MachineProcess[]): Promise<Namespaces> => {
  const inhabited = new Map<string, Namespace>();
  for (const { netns: id, hostPid } of members)
    if (!inhabited.has(id)) inhabited.set(id, { id, hostPid, netns: { path: `/proc/${hostPid}/ns/net` } });
  const mounted = await openMounted(initPid, (id) => !inhabited.has(id));
  return {
    all: [...inhabited.values(), ...mounted.map(({ namespace }) => namespace)],
    [Symbol.asyncDispose]: async () => {
      await Promise.all(mounted.map(({ handle }) => handle.close()));
    },
  };
};

interface Mounted {
  readonly namespace: Namespace;
  readonly handle: FileHandle;
}

/**
 * Namespaces without a process. Their files are in the machine's file system, where the student may have put a symbolic
 * link on the path. So an opened file counts only if its inode is the one that the kernel's list of mounts names.
 */
const openMounted = async (initPid: number, wanted: (id: string) => boolean): Promise<readonly Mounted[]> => {
  const mounts = (await readProc(`/proc/${initPid}/mountinfo`)) ?? '';
  const seen = new Set<string>();
  const found: Mounted[] = [];
  for (const [, id = '', path = ''] of mounts.matchAll(/^\d+ \d+ \S+ (net:\[\d+\]) (\/(?:var\/)?run\/netns\/\S+) /gm)) {
    if (seen.has(id) || !wanted(id)) continue;
    seen.add(id);
    const handle = await open(`/proc/${initPid}/root${path}`).catch(() => undefined);
    if (!handle) continue;
    const { ino } = await handle.stat();
    if (`net:[${ino}]` === id) found.push({ handle, namespace: { id, netns: { path, fd: handle.fd } } });
    else await handle.close();
  }
  return found;
};

export interface Found extends AsyncDisposable {
  readonly namespace: Namespace;
}

const nothingOpen = { [Symbol.asyncDispose]: async () => {} };

/**
 * The namespace of a place.
 * @throws AgentError `FABRIC_NO_MACHINE` or `FABRIC_NO_POD`
 */
export const find = async (table: ProcessTable, place: Place): Promise<Found> => {
  const { pid } = place;
  if (place.podIp === undefined) {
    return {
      namespace: { id: await networkOf(pid), hostPid: pid, netns: { path: `/proc/${pid}/ns/net` } },
      ...nothingOpen,
    };
  }
  // The address may come from the cluster's API, where a student can write anything.
  const podIp = parseIpv4(place.podIp);
  const namespaces = await namespacesOf(pid, await machineProcesses(table, pid));
  for (const namespace of namespaces.all)
    if (await owns(namespace, podIp)) return { namespace, [Symbol.asyncDispose]: namespaces[Symbol.asyncDispose] };
  await namespaces[Symbol.asyncDispose]();
  throw new AgentError('FABRIC_NO_POD', `no network namespace on ${place.machine} has the address ${podIp}`);
};

const networkOf = async (pid: number): Promise<string> => {
  machineInit(pid);
  return await readlink(`/proc/${pid}/ns/net`);
};

/** Whether an interface of the namespace has this address. */
export const owns = async ({ hostPid, netns }: Namespace, address: Ipv4): Promise<boolean> => {
  if (hostPid === undefined) {
    const json = await runOk(['ip', '-json', 'address', 'show', 'to', `${address}/32`], { netns, timeoutMs: 3000 });
    return /"local"/.test(json);
  }
  // The kernel's routing trie lists the local addresses of the namespace. Reading it needs no process.
  const trie = (await readProc(`/proc/${hostPid}/net/fib_trie`)) ?? '';
  return new RegExp(`-- ${address.replaceAll('.', '\\.')}\\n\\s+/32 host LOCAL`).test(trie);
};
