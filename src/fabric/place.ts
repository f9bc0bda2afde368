// Finds the network namespace of a place: a machine, a pod that is identified by its address, or a name of `ip netns`.
import type { Place } from '../api/facts.ts';
import { type Ipv4, parseIpv4 } from '../api/scalars.ts';
import { type Namespace, namesOf, namespacesOf } from './namespaces.ts';
import { pinOf } from './pins.ts';
import { linkNow, readProc } from './proc.ts';
import { machineInit, machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, runOk } from './run.ts';

export interface Found extends AsyncDisposable {
  readonly namespace: Namespace;
}

const nothingOpen = { [Symbol.asyncDispose]: async () => {} };

/**
 * The namespace of a place.
 * @throws AgentError `FABRIC_NO_MACHINE`, `FABRIC_MOVED`, `FABRIC_NO_POD` or `FABRIC_NO_NETNS`
 */
export const find = async (table: ProcessTable, place: Place): Promise<Found> => {
  const { pid } = place;
  if (place.netns !== undefined) return await namedNamespace(table, place, place.netns);
  if (place.podIp === undefined) return await machineNamespace(table, place);
  // The address may come from the cluster's API, where a student can write anything.
  const podIp = parseIpv4(place.podIp);
  const namespaces = await namespacesOf(pid, await machineProcesses(table, pid));
  const owners: Namespace[] = [];
  for (const namespace of namespaces.all) if (await owns(namespace, podIp)) owners.push(namespace);
  const [namespace, ...others] = owners;
  if (namespace && others.length === 0) return { namespace, [Symbol.asyncDispose]: namespaces[Symbol.asyncDispose] };
  await namespaces[Symbol.asyncDispose]();
  // A student may have made another one with the address of a pod. Then nobody can say which one is the pod's.
  throw new AgentError(
    'FABRIC_NO_POD',
    namespace
      ? `several network namespaces on ${place.machine} have the address ${podIp}`
      : `no network namespace on ${place.machine} has the address ${podIp}`,
  );
};

/** The machine's own namespace is none of those that a student has made, whatever name it has got. */
const namedNamespace = async (table: ProcessTable, { machine, pid }: Place, name: string): Promise<Found> => {
  const own = machineInit(pid) && (pinOf(pid) ?? linkNow(`/proc/${pid}/ns/net`));
  const id = (await namesOf(pid)).get(name);
  if (id !== undefined && id === own)
    throw new AgentError('FABRIC_NO_NETNS', `${name} is the network namespace of ${machine} itself`);
  if (id !== undefined) {
    const namespaces = await namespacesOf(pid, await machineProcesses(table, pid));
    const namespace = namespaces.all.find((each) => each.id === id);
    if (namespace) return { namespace, [Symbol.asyncDispose]: namespaces[Symbol.asyncDispose] };
    await namespaces[Symbol.asyncDispose]();
  }
  throw new AgentError('FABRIC_NO_NETNS', `${machine} has no network namespace ${name}`);
};

/** The namespace that the machine was wired in, even if process 1 has left it since. */
const machineNamespace = async (table: ProcessTable, { machine, pid }: Place): Promise<Found> => {
  machineInit(pid);
  const path = `/proc/${pid}/ns/net`;
  const present = linkNow(path) ?? '';
  const id = pinOf(pid) ?? present;
  if (id === present) return { namespace: { id, hostPid: pid, netns: { path, id } }, ...nothingOpen };
  const namespaces = await namespacesOf(pid, await machineProcesses(table, pid), { thorough: true });
  const namespace = namespaces.all.find((each) => each.id === id);
  if (namespace) return { namespace, [Symbol.asyncDispose]: namespaces[Symbol.asyncDispose] };
  await namespaces[Symbol.asyncDispose]();
  throw new AgentError('FABRIC_MOVED', `process 1 of ${machine} has left the network namespace of the machine`);
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
