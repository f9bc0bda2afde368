// The conntrack check: the kernel of a place tracks certain connections.
import * as z from 'zod';
import { networkContains } from '../../../api/ip.ts';
import { probePorts } from '../../../api/probes.ts';
import { type Flow, parseFlows, type Tuple } from '../../../dataplane/node/conntrack.ts';
import { type CountRange, inRange, isMatch, plainText } from '../match.ts';
import { commaSeparated, english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { atLeastOne, count, match, place, textOrNumber } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';

/** One direction of a connection. All given fields must match. */
const direction = z.strictObject({
  source: match.exactOptional().meta({ description: 'An address or a network.', examples: ['10.244.0.0/16'] }),
  destination: match
    .exactOptional()
    .meta({ description: 'An address or a network.', examples: [`\${service/web:.spec.clusterIP}`] }),
  sport: textOrNumber.exactOptional().meta({ description: 'The port of the sender.' }),
  dport: textOrNumber.exactOptional().meta({ description: 'The port of the receiver.' }),
});

type Direction = z.output<typeof direction>;

const fields = {
  on: place,
  protocol: z
    .enum(['tcp', 'udp', 'sctp', 'icmp', 'icmpv6'])
    .exactOptional()
    .meta({ description: 'The protocol of the connection.' }),
  state: match.exactOptional().meta({ description: 'Of TCP: ESTABLISHED, TIME_WAIT, …', examples: ['ESTABLISHED'] }),
  replied: z.boolean().exactOptional().meta({ description: 'Whether an answer came back.' }),
  original: direction
    .exactOptional()
    .meta({ description: 'The first packet, as its sender wrote it.', examples: [{ dport: 80 }] }),
  reply: direction.exactOptional().meta({
    description: 'The answer, before its addresses are translated back.',
    examples: [{ source: '10.244.0.0/16' }],
  }),
};

type Wanted = Omit<z.output<z.ZodObject<typeof fields>>, 'on'>;

const directionWords = ({ source, destination, sport, dport }: Direction): string =>
  [
    source && `src=${plainText(source)}`,
    destination && `dst=${plainText(destination)}`,
    sport && `sport=${sport}`,
    dport && `dport=${dport}`,
  ]
    .filter(Boolean)
    .join(' ');

const english = {
  flow: ({ protocol, state, replied, original, reply }: Wanted) =>
    commaSeparated(
      protocol,
      state && plainText(state),
      replied !== undefined && (replied ? 'answered' : 'not answered'),
      original && `original ${directionWords(original)}`,
      reply && `reply ${directionWords(reply)}`,
    ),
  flowsExpected: (on: string, range: CountRange, flow: string) =>
    `${en.where(on)} tracks ${en.counted(range, 'connection')} (${flow || 'any'})`,
  noFlowExpected: (on: string, flow: string) =>
    `${on === 'node/*' ? 'no node tracks a' : `${en.where(on)} tracks no`} connection (${flow || 'any'})`,
  flowsObserved: (place: string, number: number, all: number, shown: string) =>
    number === 0
      ? `${place} tracks no such connection (${all} in all)`
      : `${place} tracks ${number} of them (${all} in all): ${shown}`,
};

const korean: typeof english = {
  flow: ({ protocol, state, replied, original, reply }) =>
    commaSeparated(
      protocol,
      state && plainText(state),
      replied !== undefined && (replied ? '응답 있음' : '응답 없음'),
      original && `original ${directionWords(original)}`,
      reply && `reply ${directionWords(reply)}`,
    ),
  flowsExpected: (on, range, flow) => `${ko.where(on)}의 conntrack에 ${ko.counted(range, '연결')} (${flow || '전체'})`,
  noFlowExpected: (on, flow) => `${ko.where(on)}의 conntrack에 연결 없음 (${flow || '전체'})`,
  flowsObserved: (place, number, all, shown) =>
    number === 0
      ? `${place}의 conntrack에 그런 연결이 없음 (모두 ${all}개)`
      : `${place}의 conntrack에 ${number}개 (모두 ${all}개): ${shown}`,
};

export const conntrackCheck = checkKind({
  type: 'conntrack',
  summary: 'The kernel tracks certain connections (conntrack).',
  fields: { ...fields, count: count.prefault(atLeastOne) },
  words: { en: english, ko: korean },
  expected: ({ on, count, ...wanted }, say) => say.flowsExpected(on, count, say.flow(wanted)),
  expectedNot: ({ on, count, ...wanted }, say) =>
    count.min === 1 && count.max === undefined ? say.noFlowExpected(on, say.flow(wanted)) : undefined,
  judge: ({ on, count, ...wanted }, view, say) =>
    view.places.each(on, (place) => {
      const { conntrack = '' } = view.facts.at(place, 'conntrack');
      const all = conntrack
        .split('\n')
        .flatMap((line) => parseFlows(line).map((flow) => ({ flow, line })))
        .filter(({ flow, line }) => !isProbe(flow) && packetsOf(line).original !== 0);
      const found = all.filter(({ flow, line }) => isWanted(flow, line, wanted));
      const shown = found.slice(0, 3).map(({ flow, line }) => flowWords(flow, stateOf(line)));
      return {
        holds: inRange(found.length, count),
        observed: say.flowsObserved(
          place.label,
          found.length,
          all.length,
          `${shown.join('; ')}${found.length > shown.length ? '; …' : ''}`,
        ),
        hint: lookAt(place, 'conntrack -L', say),
      };
    }),
});

/** Else, a second grading would count the requests of the first one. */
const isProbe = ({ original: { protocol, sourcePort = 0 } }: Flow): boolean =>
  protocol === 'tcp' && sourcePort >= probePorts.first && sourcePort <= probePorts.last;

/** TCP has states: `tcp 6 431999 ESTABLISHED src=…`. */
const stateOf = (line: string): string => / (?:tcp|sctp) +\d+ \d+ ([A-Z_]+) /.exec(` ${line}`)?.[1] ?? '';

/** Where the kernel counts them (`nf_conntrack_acct`): an entry without a packet is none of a connection. */
const packetsOf = (line: string): { readonly original?: number; readonly reply?: number } => {
  const [original, reply] = [...line.matchAll(/ packets=(\d+) /g)].map(([, count]) => Number(count));
  return original === undefined || reply === undefined ? {} : { original, reply };
};

const isWanted = (
  { original, reply, replied }: Flow,
  line: string,
  { protocol, state: wantedState, replied: wantedReplied, original: wantedOriginal, reply: wantedReply }: Wanted,
): boolean =>
  [
    protocol === undefined || original.protocol === protocol,
    wantedState === undefined || isMatch(wantedState, stateOf(line)),
    wantedReplied === undefined || (replied && packetsOf(line).reply !== 0) === wantedReplied,
    wantedOriginal === undefined || isDirection(original, wantedOriginal),
    wantedReply === undefined || isDirection(reply, wantedReply),
  ].every(Boolean);

const isDirection = (tuple: Tuple, { source, destination, sport, dport }: Direction): boolean =>
  [
    source === undefined || isAddress(source, tuple.source),
    destination === undefined || isAddress(destination, tuple.destination),
    sport === undefined || String(tuple.sourcePort ?? '') === sport,
    dport === undefined || String(tuple.destinationPort ?? '') === dport,
  ].every(Boolean);

/** An address, a network or a pattern. */
const isAddress = (wanted: string, address: string): boolean =>
  isMatch(wanted, address) || networkContains(wanted, address);

/** Both directions, the answer after the bar: `tcp ESTABLISHED 10.0.0.1:4 → 10.0.0.2:80 | 10.0.0.3:80 → 10.0.0.1:4`. */
const flowWords = ({ original, reply }: Flow, state: string): string =>
  [original.protocol, state, ends(original), `| ${ends(reply)}`].filter(Boolean).join(' ');

const ends = ({ source, sourcePort, destination, destinationPort }: Tuple): string =>
  `${endpoint(source, sourcePort)} → ${endpoint(destination, destinationPort)}`;

const endpoint = (address: string, port: number | undefined): string =>
  port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`;
