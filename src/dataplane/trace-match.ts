// Decides whether a packet matches a rule. The answer is a probability, because of `-m statistic`.
import { networkContains } from '../api/ip.ts';
import { isLoopback, isMulticast } from './address.ts';
import type { Match, PortRange, Rule } from './model.ts';
import type { TraceOptions } from './packet.ts';
import type { PacketState } from './trace-state.ts';

export interface RuleMatch {
  /** From 0 (no) to 1 (yes). */
  readonly chance: number;
  /** Matches that cannot be judged. If there are any, the rule counts as not matching. */
  readonly unsure: readonly string[];
  /** The entries that `-m recent --set` adds when the rule matches. */
  readonly remembered: readonly string[];
}

export const judge = (rule: Rule, way: PacketState, options: TraceOptions): RuleMatch => {
  let chance = 1;
  const remembered: string[] = [];
  const unsure: string[] = [];
  for (const match of rule.matches) {
    const answer = judgeMatch(match, way, options);
    if (answer === 'unsure') unsure.push(`${rule.table} ${rule.chain} ${rule.position}: ${match.words.join(' ')}`);
    else chance *= Number(answer);
    if (chance === 0) return { chance: 0, unsure: [], remembered: [] };
    if (match.kind === 'recent' && match.action === 'set')
      remembered.push(`${match.name} ${recentAddress(match, way)}`);
  }
  return unsure.length > 0 ? { chance: 0, unsure, remembered: [] } : { chance, unsure, remembered };
};

export const isLocalAddress = (address: string, { localAddresses = [] }: TraceOptions): boolean =>
  localAddresses.includes(address) || isLoopback(address);

type Answer = boolean | number | 'unsure';

const judgeMatch = (match: Match, way: PacketState, options: TraceOptions): Answer => {
  switch (match.kind) {
    case 'comment':
      return true;
    case 'source':
      return networkContains(match.cidr, way.from) !== match.negated;
    case 'destination':
      return networkContains(match.cidr, way.to) !== match.negated;
    case 'inInterface':
      return interfaceMatches(match, way.inInterface);
    case 'outInterface':
      return interfaceMatches(match, way.outInterface);
    case 'protocol':
      return (match.protocol === 'all' || match.protocol === way.protocol) !== match.negated;
    case 'ports':
      return judgePorts(match, way);
    case 'multiport':
      return judgeMultiport(match, way);
    case 'conntrack':
      return judgeConntrack(match, way);
    case 'addrtype':
      return judgeAddrtype(match, way, options);
    case 'mark':
      return ((way.mark & match.mask) >>> 0 === match.value) !== match.negated;
    case 'statistic':
      return judgeStatistic(match);
    case 'recent':
      return judgeRecent(match, way, options);
    case 'set':
      return (options.inSet?.(match.name, match.directions, way) ?? false) !== match.negated;
    case 'connmark':
      return 'unsure';
    case 'unknown':
      // nfacct only counts packets.
      return match.module === 'nfacct' ? true : 'unsure';
  }
};

type Of<K extends Match['kind']> = Extract<Match, { kind: K }>;

const interfaceMatches = (match: Of<'inInterface' | 'outInterface'>, name: string | undefined): Answer => {
  if (name === undefined) return 'unsure';
  const same = match.name.endsWith('+') ? name.startsWith(match.name.slice(0, -1)) : name === match.name;
  return same !== match.negated;
};

const within = (port: number | undefined, { first, last }: PortRange): boolean =>
  port !== undefined && port >= first && port <= last;

const judgePorts = (match: Of<'ports'>, way: PacketState): Answer => {
  if (match.protocol !== way.protocol) return false;
  if (match.sport && within(way.fromPort, match.sport) === match.sport.negated) return false;
  if (match.dport && within(way.toPort, match.dport) === match.dport.negated) return false;
  return match.flags ? judgeFlags(match.flags, way) : true;
};

/** The first packet of a connection has the flag SYN only. Later packets count as having ACK only. */
const judgeFlags = (flags: readonly string[], way: PacketState): Answer => {
  const set = way.state === 'NEW' ? ['SYN'] : ['ACK'];
  const answers = flags.map((text): Answer => {
    const parsed = /^(! )?--tcp-flags (\S+) (\S+)$/.exec(text);
    if (!parsed) return 'unsure';
    const [, negated, mask = '', wanted = ''] = parsed;
    const seen = set.filter((flag) => mask === 'ALL' || mask.split(',').includes(flag)).join();
    return (seen === (wanted === 'NONE' ? '' : wanted)) !== (negated !== undefined);
  });
  return answers.includes(false) ? false : answers.includes('unsure') ? 'unsure' : true;
};

const judgeMultiport = (match: Of<'multiport'>, way: PacketState): Answer => {
  const has = (port: number | undefined): boolean => match.ports.some((range) => within(port, range));
  const inside =
    (match.direction !== 'destination' && has(way.fromPort)) || (match.direction !== 'source' && has(way.toPort));
  return inside !== match.negated;
};

const judgeConntrack = (match: Of<'conntrack'>, way: PacketState): Answer => {
  if (match.rest.length > 0) return 'unsure';
  const has = (match.states ?? []).some(
    (state) =>
      state === way.state ||
      (state === 'DNAT' && way.translated.destination) ||
      (state === 'SNAT' && way.translated.source),
  );
  return has !== match.negated;
};

const judgeAddrtype = (match: Of<'addrtype'>, way: PacketState, options: TraceOptions): Answer => {
  const judgeSide = (side: Of<'addrtype'>['source'], address: string): Answer => {
    if (!side) return true;
    if (side.type !== 'LOCAL' && side.type !== 'UNICAST' && side.type !== 'MULTICAST') return 'unsure';
    const type = isLocalAddress(address, options) ? 'LOCAL' : isMulticast(address) ? 'MULTICAST' : 'UNICAST';
    return (side.type === type) !== side.negated;
  };
  const answers = [judgeSide(match.source, way.from), judgeSide(match.destination, way.to)];
  return answers.includes(false) ? false : answers.includes('unsure') ? 'unsure' : true;
};

const judgeStatistic = (match: Of<'statistic'>): Answer => {
  const chance = match.mode === 'random' ? match.probability : 1 / match.every;
  return match.negated ? 1 - chance : chance;
};

const recentAddress = (match: Of<'recent'>, way: PacketState): string => (match.side === 'source' ? way.from : way.to);

const judgeRecent = (match: Of<'recent'>, way: PacketState, options: TraceOptions): Answer => {
  if (match.action === 'set') return !match.negated;
  const address = recentAddress(match, way);
  const known =
    (options.recent?.[match.name] ?? []).includes(address) || way.remembered.includes(`${match.name} ${address}`);
  return known !== match.negated;
};
