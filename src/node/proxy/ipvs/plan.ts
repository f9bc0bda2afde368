// What is wanted and what is there → lines for `ipvsadm`, `ipset` and `ip`. Pure.
//
// Why two halves: what a packet may be sent to is opened before anything that led elsewhere is closed.

import type { IpFamily } from '../types.ts';
import type { VirtualServer } from './build-port.ts';
import { type Existing, isOurs } from './existing.ts';
import { createLine, type SetKey, setKeys, setName } from './sets.ts';
import { type SetChange, serverName, type Wanted } from './wanted.ts';

/** A virtual server as it is in the kernel, as far as known. */
export interface KnownServer {
  readonly protocol: VirtualServer['protocol'];
  readonly address: string;
  readonly scheduler: string;
  /** `some`: the kernel only tells that there is one. */
  readonly persistSeconds: number | undefined | 'some';
  /** Weight by address and port. */
  readonly backends: ReadonlyMap<string, number>;
}

export interface ServerChange {
  readonly before: KnownServer | undefined;
  readonly after: VirtualServer | undefined;
}

export interface Changes {
  readonly servers: readonly ServerChange[];
  readonly members: readonly SetChange[];
  /** Of the link. */
  readonly addresses: { readonly add: readonly string[]; readonly remove: readonly string[] };
  readonly missingSets: readonly SetKey[];
}

export const isEmpty = ({ servers, members, addresses, missingSets }: Changes): boolean =>
  servers.length + members.length + addresses.add.length + addresses.remove.length + missingSets.length === 0;

export interface CompareOptions {
  /** Networks whose virtual servers are another program's. */
  readonly excluded: readonly string[];
  /** Also what the kernel doesn't tell is taken for different. */
  readonly thorough: boolean;
}

/** From what is in the kernel to what is wanted. What is there and not ours stays. */
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

export const knownFrom = (server: Existing['servers'][number]): KnownServer => ({
  protocol: server.protocol,
  address: server.address,
  scheduler: server.scheduler,
  persistSeconds: server.persistent ? 'some' : undefined,
  backends: new Map([...server.backends].map(([address, { weight }]) => [address, weight])),
});

const isAsWanted = (before: KnownServer, after: VirtualServer, { thorough }: CompareOptions): boolean =>
  before.scheduler === after.scheduler &&
  (before.persistSeconds === undefined) === (after.persistSeconds === undefined) &&
  !(thorough && (after.persistSeconds !== undefined || after.scheduler === 'mh')) &&
  after.backends.every((address) => before.backends.get(address) === 1) &&
  // Those of weight 0 that nobody wants are on their way out.
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
  /** Backends that get no new connections any more, and go once the old ones are over. */
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
  // The kernel doesn't tell for how long clients are remembered, nor all options of a scheduler.
  else if (schedulerOptions(before) !== schedulerOptions(after)) open.push(`-E ${service} ${schedulerOptions(after)}`);
  for (const backend of after.backends) {
    const weight = before?.backends.get(backend);
    if (weight !== 1) open.push(`${weight === undefined ? '-a' : '-e'} ${service} -r ${backend} -m -w 1`);
  }
  for (const [backend, weight] of before?.backends ?? []) {
    if (after.backends.includes(backend)) continue;
    if (weight !== 0) open.push(`-e ${service} -r ${backend} -m -w 0`);
    // What it was asked last may still be answered in between: the kernel forgets its flows with it.
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

const schedulerOptions = ({ scheduler, persistSeconds }: Pick<KnownServer, 'scheduler' | 'persistSeconds'>): string =>
  [
    `-s ${scheduler}`,
    ...(persistSeconds === undefined ? [] : [`-p ${persistSeconds}`]),
    // Else all connections of a client would go to one endpoint.
    ...(scheduler === 'mh' ? ['-b mh-port'] : []),
  ].join(' ');

/** Lines of `ipset restore`, those that add and those that remove. */
export const setLines = (
  { members, missingSets }: Pick<Changes, 'members' | 'missingSets'>,
  family: IpFamily,
): { readonly open: string[]; readonly close: string[] } => ({
  open: [
    ...missingSets.map((key) => createLine(key, family)),
    ...members.flatMap(({ key, add }) => add.map((member) => `add ${setName(key, family)} ${member}`)),
  ],
  // In the opposite order: what refuses goes first.
  close: members
    .toReversed()
    .flatMap(({ key, remove }) => remove.map((member) => `del ${setName(key, family)} ${member}`)),
});
