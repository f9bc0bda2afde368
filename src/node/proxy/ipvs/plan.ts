// What is wanted and what is in the kernel → lines for `ipvsadm`, `ipset` and `ip`. Pure.
//
// Each plan has two halves: lines that open new ways, and lines that close old ones. The first half is applied first.

import type { IpFamily } from '../types.ts';
import type { VirtualServer } from './build-port.ts';
import { type Existing, isOurs } from './existing.ts';
import { createLine, type SetKey, setKeys, setName } from './sets.ts';
import { type SetChange, serverName, type Wanted } from './wanted.ts';

/** A virtual server in the kernel. */
export interface KnownServer {
  readonly protocol: VirtualServer['protocol'];
  readonly address: string;
  readonly scheduler: string;
  /** As `schedulerFlags` of a scheduler, if kube-proxy made the server. */
  readonly schedulerFlags: string;
  readonly persistSeconds: number | undefined;
  /** `ip:port` → weight. */
  readonly backends: ReadonlyMap<string, number>;
}

export interface ServerChange {
  readonly before: KnownServer | undefined;
  readonly after: VirtualServer | undefined;
}

export interface Changes {
  readonly servers: readonly ServerChange[];
  readonly members: readonly SetChange[];
  /** Addresses of the link. */
  readonly addresses: { readonly add: readonly string[]; readonly remove: readonly string[] };
  readonly missingSets: readonly SetKey[];
}

export const isEmpty = ({ servers, members, addresses, missingSets }: Changes): boolean =>
  servers.length + members.length + addresses.add.length + addresses.remove.length + missingSets.length === 0;

export interface CompareOptions {
  /** Networks whose virtual servers belong to another program. */
  readonly excluded: readonly string[];
  /** Also counts unwanted backends of weight 0 as differences: an earlier process may have left them. */
  readonly thorough: boolean;
}

/** From what is in the kernel to what is wanted. Foreign servers and members stay. */
export const compareAll = (wanted: Wanted, existing: Existing, options: CompareOptions): Changes => {
  const listed = new Map(existing.servers.map((server) => [serverName(server), server]));
  const servers: ServerChange[] = [];
  for (const name of wanted.servers.names()) {
    const after = wanted.servers.get(name);
    const there = listed.get(name);
    const before = there && knownFrom(there);
    if (after && !(before && isAsWanted(before, after, options))) servers.push({ before, after });
  }
  for (const [name, server] of listed) {
    if (wanted.servers.has(name) || !isOurs(server, existing, options.excluded)) continue;
    servers.push({ before: knownFrom(server), after: undefined });
  }
  return {
    servers,
    members: setKeys.flatMap((key) => compareSet(wanted, existing, key)),
    addresses: differ([...wanted.members('IPVS-IPS').names()], existing.addresses ?? []),
    missingSets: setKeys.filter((key) => !existing.sets.has(key)),
  };
};

const knownFrom = (server: Existing['servers'][number]): KnownServer => ({
  protocol: server.protocol,
  address: server.address,
  scheduler: server.scheduler,
  schedulerFlags: server.schedulerFlags,
  persistSeconds: server.persistSeconds,
  backends: new Map([...server.backends].map(([address, { weight }]) => [address, weight])),
});

const isAsWanted = (before: KnownServer, after: VirtualServer, { thorough }: CompareOptions): boolean =>
  hasSameOptions(before, after) &&
  after.backends.every((address) => before.backends.get(address) === 1) &&
  // Unwanted backends of weight 0 are draining.
  [...before.backends].every(([address, weight]) => (weight === 0 && !thorough) || after.backends.includes(address));

const compareSet = (wanted: Wanted, existing: Existing, key: SetKey): SetChange[] => {
  const there = existing.sets.get(key);
  if (there?.foreign) return [];
  const { add, remove } = differ([...wanted.members(key).names()], [...(there?.members ?? [])]);
  return add.length + remove.length === 0 ? [] : [{ key, add, remove }];
};

const differ = (wanted: readonly string[], there: readonly string[]): { add: string[]; remove: string[] } => {
  const [want, have] = [new Set(wanted), new Set(there)];
  return { add: wanted.filter((each) => !have.has(each)), remove: there.filter((each) => !want.has(each)) };
};

export interface ServerLines {
  readonly open: string[];
  readonly close: string[];
  /** Backends that get no new connections. They are deleted when their old connections have ended. */
  readonly draining: { readonly server: string; readonly backend: string }[];
}

/** Lines of `ipvsadm -R`. */
export const serverLines = (changes: readonly ServerChange[]): ServerLines => {
  const lines: ServerLines = { open: [], close: [], draining: [] };
  for (const change of changes) addServerLines(lines, change);
  return lines;
};

const addServerLines = ({ open, close, draining }: ServerLines, { before, after }: ServerChange): void => {
  const server = after ?? before;
  if (!server) return;
  const service = serviceOption(server);
  if (!after) {
    close.push(`-D ${service}`);
    return;
  }
  if (!before) open.push(`-A ${service} ${schedulerOptions(after)}`);
  else if (!hasSameOptions(before, after)) open.push(`-E ${service} ${schedulerOptions(after)}`);
  for (const backend of after.backends) {
    const weight = before?.backends.get(backend);
    if (weight !== 1) open.push(`${weight === undefined ? '-a' : '-e'} ${service} -r ${backend} -m -w 1`);
  }
  for (const [backend, weight] of before?.backends ?? []) {
    if (after.backends.includes(backend)) continue;
    if (weight !== 0) open.push(`-e ${service} -r ${backend} -m -w 0`);
    // Until this line runs, the endpoint may still reply. The kernel forgets the endpoint's flows when it is deleted.
    if (server.protocol !== 'TCP') close.push(`-d ${service} -r ${backend}`);
    else draining.push({ server: serverName(server), backend });
  }
};

/** @param server as `serverName` */
export const removeLine = (server: string, backend: string): string => {
  const [protocol = '', address = ''] = server.split(' ');
  return `-d ${serviceOption({ protocol: protocol as VirtualServer['protocol'], address })} -r ${backend}`;
};

export const serviceOption = ({ protocol, address }: Pick<KnownServer, 'protocol' | 'address'>): string =>
  `${{ TCP: '-t', UDP: '-u', SCTP: '--sctp-service' }[protocol]} ${address}`;

const hasSameOptions = (before: KnownServer, after: VirtualServer): boolean =>
  before.scheduler === after.scheduler &&
  before.schedulerFlags === schedulerFlags(after.scheduler) &&
  before.persistSeconds === after.persistSeconds;

const schedulerOptions = ({ scheduler, persistSeconds }: VirtualServer): string => {
  const flags = schedulerFlags(scheduler);
  const persistence = persistSeconds === undefined ? '' : ` -p ${persistSeconds}`;
  return `-s ${scheduler}${persistence}${flags === '' ? '' : ` -b ${flags}`}`;
};

/** Without the flag, `mh` would send all connections of a client to one endpoint. */
export const schedulerFlags = (scheduler: string): string => (scheduler === 'mh' ? 'mh-port' : '');

/** Lines of `ipset restore`: those that add members, and those that remove members. */
export const setLines = (
  { members, missingSets }: Pick<Changes, 'members' | 'missingSets'>,
  family: IpFamily,
): { readonly open: string[]; readonly close: string[] } => ({
  open: [
    ...missingSets.map((key) => createLine(key, family)),
    ...members.flatMap(({ key, add }) => add.map((member) => `add ${setName(key, family)} ${member}`)),
  ],
  // In reverse order: members that cause a rejection go first.
  close: members
    .toReversed()
    .flatMap(({ key, remove }) => remove.map((member) => `del ${setName(key, family)} ${member}`)),
});
