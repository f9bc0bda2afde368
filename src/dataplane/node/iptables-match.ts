// One match of an iptables rule → a statement that judges packets.

import type { Match, PortRange } from '../model.ts';
import { readOptions } from '../parse-match.ts';
import { contains, type Network, readNetwork } from './address.ts';
import { type Answer, both, depends, nameMatches, protocolName, resultsOf, statesOf, unsure } from './answer.ts';
import type { Result, Statement } from './chain.ts';
import { next } from './engine.ts';
import type { RuleFacts } from './facts.ts';
import { judgeModule } from './iptables-modules.ts';
import type { PacketState } from './state.ts';

/**
 * @param place names the rule
 * @returns undefined for a match that is true of every packet
 */
export const compileMatch = (match: Match, facts: RuleFacts, place: string): Statement | undefined => {
  if (match.kind === 'comment') return undefined;
  const judge = judgeOf(match, facts);
  const where = match.words.join(' ');
  return (packet, here) => {
    const answer = judge(packet);
    if (match.kind === 'recent' && match.action === 'set') return remember(match, packet);
    return resultsOf(packet, answer, answer === depends ? `${place}: ${where}` : `${here.table}: ${where}`);
  };
};

type Of<K extends Match['kind']> = Extract<Match, { kind: K }>;
type Judge = (packet: PacketState) => Answer;

const judgeOf = (match: Match, facts: RuleFacts): Judge => {
  switch (match.kind) {
    case 'comment':
      return () => true;
    case 'source':
      return inNetwork(match, ({ source }) => source);
    case 'destination':
      return inNetwork(match, ({ destination }) => destination);
    case 'inInterface':
      return (packet) => nameMatches(match.name, packet.iif) !== match.negated;
    case 'outInterface':
      return (packet) => nameMatches(match.name, packet.oif) !== match.negated;
    case 'protocol':
      return protocolJudge(match);
    case 'ports':
      return (packet) => judgePorts(match, packet);
    case 'multiport':
      return (packet) => judgeMultiport(match, packet);
    case 'conntrack':
      return judgeConntrack(match);
    case 'addrtype':
      return (packet) => judgeAddrtype(match, packet, facts);
    case 'mark':
      return (packet) => ((packet.mark & match.mask) >>> 0 === match.value) !== match.negated;
    case 'connmark':
      return (packet) => {
        if (typeof packet.tracked === 'string') return false;
        return ((packet.tracked.mark & match.mask) >>> 0 === match.value) !== match.negated;
      };
    case 'statistic':
      return () => {
        const share = match.mode === 'random' ? match.probability : 1 / match.every;
        return match.negated ? 1 - share : share;
      };
    case 'recent':
      return (packet) => judgeRecent(match, packet, facts);
    case 'set':
      return (packet) => judgeSet(match, packet, facts);
    case 'unknown':
      return judgeModule(
        match.module,
        readOptions(match.words.slice(match.words[0] === '-m' ? 2 : 0)),
        match.words,
        facts,
      );
  }
};

const inNetwork = (match: Of<'source' | 'destination'>, side: (packet: PacketState) => string): Judge => {
  const network: Network | undefined = readNetwork(match.cidr);
  if (!network) return () => unsure('');
  return (packet) => contains(network, side(packet)) !== match.negated;
};

const protocolJudge = (match: Of<'protocol'>): Judge => {
  const wanted = protocolName(match.protocol);
  const all = wanted === 'all' || wanted === '0';
  return ({ protocol }) => (all || wanted === protocol) !== match.negated;
};

const within = (port: number | undefined, { first, last }: PortRange): boolean =>
  port !== undefined && port >= first && port <= last;

const judgePorts = (match: Of<'ports'>, packet: PacketState): Answer => {
  if (match.protocol !== packet.protocol) return false;
  if (match.sport && !packet.randomPort && within(packet.sourcePort, match.sport) === match.sport.negated) return false;
  if (match.dport && within(packet.destinationPort, match.dport) === match.dport.negated) return false;
  const source = match.sport && packet.randomPort ? [unsure('')] : [];
  return both([...source, ...(match.flags ?? []).map((text) => judgeFlags(text, packet))]);
};

const judgeFlags = (text: string, { tcpFlags }: PacketState): Answer => {
  const [, negated, mask = '', wanted = ''] = /^(! )?--tcp-flags (\S+) (\S+)$/.exec(text) ?? [];
  if (text === '--syn')
    return ['syn'].every((flag) => tcpFlags.includes(flag)) && !tcpFlags.some((flag) => /^(ack|rst|fin)$/.test(flag));
  if (mask === '') return unsure(text);
  const masked = (list: string): string[] =>
    list === 'ALL' ? [...allFlags] : list === 'NONE' ? [] : list.toLowerCase().split(',');
  const asked = masked(mask);
  const want = new Set(masked(wanted));
  return asked.every((flag) => tcpFlags.includes(flag) === want.has(flag)) !== (negated !== undefined);
};

const allFlags = ['syn', 'ack', 'fin', 'rst', 'urg', 'psh'] as const;

const portedProtocols: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);

const judgeMultiport = (match: Of<'multiport'>, packet: PacketState): Answer => {
  if (!portedProtocols.has(packet.protocol)) return false;
  if (packet.randomPort && match.direction !== 'destination') return unsure('');
  const has = (port: number | undefined): boolean => match.ports.some((range) => within(port, range));
  const inside =
    (match.direction !== 'destination' && has(packet.sourcePort)) ||
    (match.direction !== 'source' && has(packet.destinationPort));
  return inside !== match.negated;
};

const judgeConntrack = (match: Of<'conntrack'>): Judge => {
  const options = readOptions(match.words.slice(2));
  return (packet) => {
    const states = statesOf(packet);
    const answers = options.map(({ name, negated, values }): Answer => {
      const value = values[0] ?? '';
      if (name === 'ctstate' || name === 'state')
        return value.split(',').some((state) => states.includes(state)) !== negated;
      if (typeof packet.tracked === 'string') return false;
      const { original, direction } = packet.tracked;
      const address = (now: string): Answer => {
        const network = readNetwork(value);
        return network ? contains(network, now) !== negated : unsure('');
      };
      const port = (now: number | undefined): Answer => {
        const [first = '', last = first] = value.split(':');
        return within(now, { first: Number(first), last: Number(last) }) !== negated;
      };
      switch (name) {
        case 'ctproto':
          return (protocolName(value.toLowerCase()) === packet.protocol) !== negated;
        case 'ctorigsrc':
          return address(original.source);
        case 'ctorigdst':
          return address(original.destination);
        case 'ctorigsrcport':
          return port(original.sourcePort);
        case 'ctorigdstport':
          return port(original.destinationPort);
        case 'ctdir':
          return (value.toLowerCase() === direction) !== negated;
        default:
          return unsure('');
      }
    });
    return both(answers);
  };
};

const judgeAddrtype = (match: Of<'addrtype'>, packet: PacketState, facts: RuleFacts): Answer => {
  const limited = match.words.includes('--limit-iface-in')
    ? packet.iif
    : match.words.includes('--limit-iface-out')
      ? packet.oif
      : undefined;
  const judgeSide = (side: Of<'addrtype'>['source'], address: string): Answer => {
    if (!side) return true;
    const type = facts.addressType(address, limited);
    return side.type.toLowerCase().split(',').includes(type) !== side.negated;
  };
  if (packet.family === 'ip6') {
    const judgeSide6 = (side: Of<'addrtype'>['source'], address: string): Answer => {
      if (!side) return true;
      const has = facts.hasTypes6(side.type.toLowerCase().split(','), { address, link: limited });
      return has instanceof Error ? unsure(has.message) : has !== side.negated;
    };
    return both([judgeSide6(match.source, packet.source), judgeSide6(match.destination, packet.destination)]);
  }
  return both([judgeSide(match.source, packet.source), judgeSide(match.destination, packet.destination)]);
};

const recentKey = (match: Of<'recent'>, packet: PacketState): string =>
  `recent ${match.name} ${match.side === 'source' ? packet.source : packet.destination}`;

const remember = (match: Of<'recent'>, packet: PacketState): Result[] =>
  match.negated ? [{ kind: 'break', packet }] : next({ ...packet, added: [...packet.added, recentKey(match, packet)] });

const judgeRecent = (match: Of<'recent'>, packet: PacketState, facts: RuleFacts): Answer => {
  if (match.action === 'set') return !match.negated;
  const key = recentKey(match, packet);
  if (match.hitcount !== undefined && match.hitcount > 1) return depends;
  const known = facts.recent(match.name);
  if (packet.added.includes(key)) return !match.negated;
  if (!known) return unsure('');
  const found = known.has(match.side === 'source' ? packet.source : packet.destination);
  // How old an entry is was not read.
  return found && match.seconds !== undefined ? depends : found !== match.negated;
};

const judgeSet = (match: Of<'set'>, packet: PacketState, facts: RuleFacts): Answer => {
  const options = readOptions(match.words.slice(2)).map(({ name }) => name);
  if (options.some((name) => name !== 'match-set') || packet.added.includes(`set ${match.name}`)) return unsure('');
  const found = facts.sets?.test(match.name, match.directions, packet);
  if (found === undefined) return unsure(`the set ${match.name}`);
  return found === 'unknown' ? unsure('') : found !== match.negated;
};
