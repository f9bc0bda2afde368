// Decides whether a packet matches a rule. The answer is a probability, because `-m statistic` matches at random.
import { networkContains } from '../api/ip.ts';
import { isLoopback, isMulticast } from './address.ts';
import type { Match, PortRange, Rule } from './model.ts';
import type { TraceOptions } from './packet.ts';
import type { PacketState } from './trace-state.ts';

export interface RuleMatch {
  /** From 0 (no) to 1 (yes), of the matches that can be judged. */
  readonly chance: number;
  /** Matches that `trace` cannot judge: the rule may match, or may not. Empty if the chance is 0. */
  readonly unsure: readonly string[];
  /** The entries that `-m recent --set` adds when the rule matches: `list address`. */
  readonly remembered: readonly string[];
}

export const judge = (rule: Rule, packet: PacketState, options: TraceOptions): RuleMatch => {
  let chance = 1;
  const remembered: string[] = [];
  const unsure: string[] = [];
  for (const match of rule.matches) {
    const answer = judgeMatch(match, packet, options);
    if (answer === 'unsure') unsure.push(`${rule.table} ${rule.chain} ${rule.position}: ${match.words.join(' ')}`);
    else chance *= Number(answer);
    if (chance === 0) return { chance: 0, unsure: [], remembered: [] };
    if (match.kind === 'recent' && match.action === 'set')
      remembered.push(`${match.name} ${recentAddress(match, packet)}`);
  }
  return { chance, unsure, remembered };
};

export const isLocalAddress = (address: string, { localAddresses = [] }: TraceOptions): boolean =>
  localAddresses.includes(address) || isLoopback(address);

type Answer = boolean | number | 'unsure';

const judgeMatch = (match: Match, packet: PacketState, options: TraceOptions): Answer => {
  switch (match.kind) {
    case 'comment':
      return true;
    case 'source':
      return networkContains(match.cidr, packet.from) !== match.negated;
    case 'destination':
      return networkContains(match.cidr, packet.to) !== match.negated;
    case 'inInterface':
      return interfaceMatches(match, packet.inInterface);
    case 'outInterface':
      return interfaceMatches(match, packet.outInterface);
    case 'protocol':
      return (match.protocol === 'all' || match.protocol === packet.protocol) !== match.negated;
    case 'ports':
      return judgePorts(match, packet);
    case 'multiport':
      return judgeMultiport(match, packet);
    case 'conntrack':
      return judgeConntrack(match, packet);
    case 'addrtype':
      return judgeAddrtype(match, packet, options);
    case 'mark':
      return ((packet.mark & match.mask) >>> 0 === match.value) !== match.negated;
    case 'statistic':
      return judgeStatistic(match);
    case 'recent':
      return judgeRecent(match, packet, options);
    case 'set':
      return options.inSet ? options.inSet(match.name, match.directions, packet) !== match.negated : 'unsure';
    case 'connmark':
      return 'unsure';
    case 'unknown':
      // nfacct only counts packets.
      return match.module === 'nfacct' ? true : 'unsure';
  }
};

type Of<K extends Match['kind']> = Extract<Match, { kind: K }>;

/** @param name empty: the hook has no such interface */
const interfaceMatches = (match: Of<'inInterface' | 'outInterface'>, name: string | undefined): Answer => {
  if (name === undefined) return 'unsure';
  const same = match.name.endsWith('+') ? name.startsWith(match.name.slice(0, -1)) : name === match.name;
  return same !== match.negated;
};

const within = (port: number | undefined, { first, last }: PortRange): boolean =>
  port !== undefined && port >= first && port <= last;

const judgePorts = (match: Of<'ports'>, packet: PacketState): Answer => {
  if (match.protocol !== packet.protocol) return false;
  if (match.sport && within(packet.fromPort, match.sport) === match.sport.negated) return false;
  if (match.dport && within(packet.toPort, match.dport) === match.dport.negated) return false;
  return match.flags ? judgeFlags(match.flags, packet) : true;
};

/** The first packet of a connection has the flag SYN only. Later packets count as having ACK only. */
const judgeFlags = (flags: readonly string[], packet: PacketState): Answer => {
  const set = packet.state === 'NEW' ? ['SYN'] : ['ACK'];
  const answers = flags.map((text): Answer => {
    const parsed = /^(! )?--tcp-flags (\S+) (\S+)$/.exec(text);
    if (!parsed) return 'unsure';
    const [, negated, mask = '', wanted = ''] = parsed;
    const seen = set.filter((flag) => mask === 'ALL' || mask.split(',').includes(flag)).join();
    return (seen === (wanted === 'NONE' ? '' : wanted)) !== (negated !== undefined);
  });
  return answers.includes(false) ? false : answers.includes('unsure') ? 'unsure' : true;
};

const judgeMultiport = (match: Of<'multiport'>, packet: PacketState): Answer => {
  const has = (port: number | undefined): boolean => match.ports.some((range) => within(port, range));
  const inside =
    (match.direction !== 'destination' && has(packet.fromPort)) || (match.direction !== 'source' && has(packet.toPort));
  return inside !== match.negated;
};

const judgeConntrack = (match: Of<'conntrack'>, packet: PacketState): Answer => {
  if (match.rest.length > 0) return 'unsure';
  const has = (match.states ?? []).some(
    (state) =>
      state === packet.state ||
      (state === 'DNAT' && packet.translated.destination) ||
      (state === 'SNAT' && packet.translated.source),
  );
  return has !== match.negated;
};

const judgeAddrtype = (match: Of<'addrtype'>, packet: PacketState, options: TraceOptions): Answer => {
  const judgeSide = (side: Of<'addrtype'>['source'], address: string): Answer => {
    if (!side) return true;
    if (side.type !== 'LOCAL' && side.type !== 'UNICAST' && side.type !== 'MULTICAST') return 'unsure';
    const type = isLocalAddress(address, options) ? 'LOCAL' : isMulticast(address) ? 'MULTICAST' : 'UNICAST';
    return (side.type === type) !== side.negated;
  };
  const answers = [judgeSide(match.source, packet.from), judgeSide(match.destination, packet.to)];
  return answers.includes(false) ? false : answers.includes('unsure') ? 'unsure' : true;
};

const judgeStatistic = (match: Of<'statistic'>): Answer => {
  const chance = match.mode === 'random' ? match.probability : 1 / match.every;
  return match.negated ? 1 - chance : chance;
};

const recentAddress = (match: Of<'recent'>, packet: PacketState): string =>
  match.side === 'source' ? packet.from : packet.to;

const judgeRecent = (match: Of<'recent'>, packet: PacketState, options: TraceOptions): Answer => {
  if (match.action === 'set') return !match.negated;
  const address = recentAddress(match, packet);
  const list = options.recent?.(match.name);
  const remembered = packet.remembered.includes(`${match.name} ${address}`);
  if (list === undefined && !remembered) return 'unsure';
  return (remembered || list?.includes(address) === true) !== match.negated;
};
