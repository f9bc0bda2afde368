// The nftables check: the kernel of a place has certain nft rules, or elements of sets and maps.
import * as z from 'zod';
import { elementText, ruleText } from '../../../dataplane/nft/text.ts';
import { json } from '../../../dataplane/node/json.ts';
import { brief, type CountRange, contains, inRange, inWords, isMatch, plainText } from '../match.ts';
import { commaSeparated, english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { atLeastOne, count, match, oneOrMore, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';
import { judgePacket, packetEnglish, packetExpected, packetKorean, packetSchema } from './packet.ts';

const tableFields = {
  family: z
    .enum(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'])
    .exactOptional()
    .meta({ description: 'The family of the table.' }),
  table: match.exactOptional().meta({ description: 'The name of the table.', examples: ['kube-proxy'] }),
};

const has = oneOrMore(match)
  .exactOptional()
  .meta({
    description: 'Texts in the line, as nft list ruleset shows it, such as "tcp dport 80".',
    examples: ['tcp dport 80'],
  });

const rules = z.strictObject({
  ...tableFields,
  chain: match.exactOptional().meta({ description: 'The chain of the rule.', examples: ['services'] }),
  has,
  comment: match.exactOptional().meta({ description: 'The comment of the rule.', examples: ['mine'] }),
});
const elements = z.strictObject({
  ...tableFields,
  set: match.exactOptional().meta({ description: 'The name of the set or of the map.', examples: ['cluster-ips'] }),
  has,
});

type Rules = z.output<typeof rules>;
type Elements = z.output<typeof elements>;

interface Wanted {
  readonly rules?: Rules;
  readonly elements?: Elements;
}

const english = {
  ...packetEnglish,
  nftSelection: ({ rules, elements }: Wanted) => {
    const { family, table, has } = rules ?? elements ?? {};
    return commaSeparated(
      (family || table) && `table ${[family, table && plainText(table)].filter(Boolean).join(' ')}`,
      rules?.chain && `chain ${plainText(rules.chain)}`,
      elements?.set && `set ${plainText(elements.set)}`,
      has && `with ${en.listed(has.map(inWords))}`,
      rules?.comment && `with ${inWords(rules.comment)} in the comment`,
    );
  },
  nftExpected: (on: string, range: CountRange, isRule: boolean, selection: string) =>
    `${en.where(on)} has ${en.counted(range, isRule ? 'nft rule' : 'element of nft sets')}${selection && ` (${selection})`}`,
  noNftExpected: (on: string, isRule: boolean, selection: string) =>
    `${on === 'node/*' ? 'no node has an' : `${en.where(on)} has no`} ${isRule ? 'nft rule' : 'element of nft sets'}${selection && ` (${selection})`}`,
  nftObserved: (place: string, number: number, all: number, shown: string) =>
    number === 0 ? `${place} has none of them (of ${all} in all)` : `${place} has ${number}: ${shown}`,
};

const korean: typeof english = {
  ...packetKorean,
  nftSelection: ({ rules, elements }) => {
    const { family, table, has } = rules ?? elements ?? {};
    return commaSeparated(
      (family || table) && `${[family, table && plainText(table)].filter(Boolean).join(' ')} 테이블`,
      rules?.chain && `체인 ${plainText(rules.chain)}`,
      elements?.set && `집합 ${plainText(elements.set)}`,
      has && `내용 ${ko.listed(has.map(inWords))}`,
      rules?.comment && `주석에 ${inWords(rules.comment)}`,
    );
  },
  nftExpected: (on, range, isRule, selection) =>
    `${ko.where(on)}에 ${ko.counted(range, isRule ? 'nft 규칙' : 'nft 집합의 원소')}${selection && ` (${selection})`}`,
  noNftExpected: (on, isRule, selection) =>
    `${ko.where(on)}에 ${isRule ? 'nft 규칙' : 'nft 집합의 원소'} 없음${selection && ` (${selection})`}`,
  nftObserved: (place, number, all, shown) =>
    number === 0 ? `${place}에 없음 (모두 ${all}개)` : `${place}에 ${number}개: ${shown}`,
};

export const nftablesCheck = checkKind({
  type: 'nftables',
  summary:
    'A place has certain nft rules (rules) or elements of sets and maps (elements), or sends a packet the right way (packet).',
  fields: {
    on: place,
    rules: rules.exactOptional().meta({
      description: 'Native rules that match all these fields.',
      examples: [{ table: 'lab', chain: 'prerouting', has: 'tcp dport 80' }],
    }),
    elements: elements.exactOptional().meta({
      description: 'Elements of sets and maps that match all these fields.',
      examples: [{ table: 'kube-proxy', set: 'cluster-ips', has: '10.96.0.10' }],
    }),
    packet: packetSchema.exactOptional().meta({
      description: 'A packet, and what all rules of the place do to it, whatever their backend.',
      examples: [{ from: 'pod/blue', to: `\${service/web:.spec.clusterIP}:80`, lands: 'endpoints/web' }],
    }),
    count: count.prefault(atLeastOne),
  },
  words: { en: english, ko: korean },
  mistakes: ({ rules, elements, packet }) =>
    [rules, elements, packet].filter((field) => field !== undefined).length === 1
      ? []
      : [{ message: 'an nftables check needs one of the fields rules, elements and packet' }],
  expected: ({ on, count, packet, ...wanted }, say) =>
    packet
      ? packetExpected(on, packet, say)
      : say.nftExpected(on, count, wanted.rules !== undefined, say.nftSelection(wanted)),
  expectedNot: ({ on, count, packet, ...wanted }, say) =>
    packet === undefined && count.min === 1 && count.max === undefined
      ? say.noNftExpected(on, wanted.rules !== undefined, say.nftSelection(wanted))
      : undefined,
  judge: ({ on, rules, elements, packet, count }, view, say) =>
    view.places.each(on, (place) => {
      if (packet) return judgePacket(packet, place, view, { say, list: 'nft list ruleset' });
      const { nft = '' } = view.facts.at(place, 'nft');
      const lines = rules ? rulesIn(nft) : elementsIn(nft);
      const found = lines.filter((line) => isWanted(line, { ...(rules ?? elements) }));
      const shown = found
        .slice(0, 3)
        .map(({ family, table, name, text }) => brief(`${family} ${table} ${name}: ${text}`, 160));
      return {
        holds: inRange(found.length, count),
        observed: say.nftObserved(
          place.label,
          found.length,
          lines.length,
          `${shown.join('; ')}${found.length > shown.length ? '; …' : ''}`,
        ),
        hint: lookAt(place, 'nft list ruleset', say),
      };
    }),
});

interface Line {
  readonly family: string;
  readonly table: string;
  /** Of the chain, the set or the map. */
  readonly name: string;
  readonly text: string;
  readonly comment: string;
}

const isWanted = (line: Line, { family, table, chain, set, has, comment }: Partial<Rules & Elements>): boolean =>
  [
    family === undefined || line.family === family,
    table === undefined || isMatch(table, line.table),
    (chain ?? set) === undefined || isMatch(chain ?? set ?? '', line.name),
    (has ?? []).every((text) => contains(text, line.text)),
    comment === undefined || contains(comment, line.comment),
  ].every(Boolean);

const rulesIn = (nft: string): readonly Line[] =>
  itemsOf(nft, 'rule').map((rule) => ({
    ...tableOf(rule),
    name: json.text(rule.chain),
    text: ruleText(json.array(rule.expr)),
    comment: json.text(rule.comment),
  }));

const elementsIn = (nft: string): readonly Line[] =>
  ['set', 'map'].flatMap((kind) =>
    itemsOf(nft, kind).flatMap((set) =>
      json.array(set.elem).map((element) => ({
        ...tableOf(set),
        name: json.text(set.name),
        text: elementText(element),
        comment: '',
      })),
    ),
  );

const tableOf = ({ family, table }: Record<string, unknown>): Pick<Line, 'family' | 'table'> => ({
  family: json.text(family),
  table: json.text(table),
});

const itemsOf = (nft: string, kind: string): readonly Record<string, unknown>[] =>
  nft.trim() === ''
    ? []
    : json
        .array(json.object(JSON.parse(nft)).nftables)
        .map((item) => json.object(item)[kind])
        .filter((item) => item !== undefined)
        .map(json.object);
