// Tells the cluster's API server from another program that has taken its address and its key.
import { readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { isGenuine } from './genuine.ts';
import { socketWithPeer } from './listeners.ts';
import { type Pinned, pinnedAt } from './pins.ts';
import { find } from './place.ts';
import { linkNow } from './proc.ts';
import { describeProcesses, machineProcesses, type ProcessTable } from './processes.ts';
import { readSocketTable } from './socket-tables.ts';

/** Questions of one look share one answer. */
const freshMs = 1000;

/** The process ids of the kube-apiservers of a machine, in the agent's namespace. */
type Servers = Promise<readonly number[]>;

/**
 * Whether kube-apiserver has the other end of a connection of the agent. That it runs proves nothing: rules may send
 * the agent's packets to another program. True for a machine that was never pinned.
 */
export const createApiServerCheck = (table: ProcessTable) => {
  const running = new Map<string, { readonly at: number; readonly servers: Servers }>();
  const owners = new WeakMap<Socket, number>();
  const serversOn = (place: Pinned): Servers => {
    const known = running.get(place.machine);
    if (known && performance.now() - known.at < freshMs) return known.servers;
    const servers = apiServersOn(table, place);
    running.set(place.machine, { at: performance.now(), servers });
    return servers;
  };
  return async (connection: Socket): Promise<boolean> => {
    const { remoteAddress = '', localAddress = '', localPort } = connection;
    const place = await pinnedAt(remoteAddress);
    if (!place) return remoteAddress !== '';
    const servers = await serversOn(place);
    const known = owners.get(connection);
    if (known !== undefined) return servers.includes(known);
    const owner = await ownerOf(servers, await peerOf(table, place, `${localAddress}:${localPort}`));
    if (owner !== undefined) owners.set(connection, owner);
    return owner !== undefined;
  };
};

const apiServersOn = async (table: ProcessTable, place: Pinned): Servers => {
  const netns = { path: `/proc/${place.pid}/ns/net` };
  const members = await machineProcesses(table, place.pid);
  const servers = members.map(async (member) => {
    const [process] = await describeProcesses([member], (each) => isGenuine({ ...each, place, netns }));
    return process?.unit === 'kube-apiserver.service' && process.genuine ? [member.hostPid] : [];
  });
  return (await Promise.all(servers)).flat();
};

/** The inode of the socket at the other end. A rule that changes the agent's address on the way hides it. */
const peerOf = async (table: ProcessTable, place: Pinned, peer: string): Promise<string | undefined> => {
  await using found = await find(table, place);
  const tables = await Promise.all((['tcp', 'tcp6'] as const).map((name) => readSocketTable(found.namespace, name)));
  return tables.map((text) => socketWithPeer(text, peer)).find((inode) => inode !== undefined);
};

const ownerOf = async (hostPids: readonly number[], inode: string | undefined): Promise<number | undefined> => {
  if (inode === undefined) return undefined;
  for (const hostPid of hostPids) {
    const folder = `/proc/${hostPid}/fd`;
    const files = await readdir(folder).catch(() => []);
    if (files.some((file) => linkNow(`${folder}/${file}`) === `socket:[${inode}]`)) return hostPid;
  }
  return undefined;
};
