// The lookup check: the cluster DNS resolves a name to the right address.
import * as z from 'zod';
import type { RecordType } from '../../../api/probes.ts';
import { type CountRange, inRange, isMatch, plainText } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { count, match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { noAnswer, probeEnglish, probeKorean, timeout } from './probe.ts';

interface Asked {
  readonly name: string;
  readonly record: RecordType;
  readonly tries?: CountRange;
}

const typeOf = (record: RecordType): string => (record === 'A' ? '' : ` (${record})`);

const english = {
  ...probeEnglish,
  lookupExpected: (from: string, { name, record, tries }: Asked, address: string) =>
    `${en.where(from)} resolves ${name}${typeOf(record)} to ${address}` +
    (tries === undefined ? '' : ` and asks for ${en.counted(tries, 'name')}`),
  lookupObserved: (place: string, { name, record }: Asked, found: readonly string[], tries: number | undefined) =>
    `${place} resolves ${name}${typeOf(record)} to ${en.listed(found)}` +
    (tries === undefined ? '' : ` and asks for ${tries} name${tries === 1 ? '' : 's'}`),
};

const korean: typeof english = {
  ...probeKorean,
  lookupExpected: (from, { name, record, tries }, address) =>
    `${ko.where(from)}에서 ${name} 이름의 ${record === 'A' ? '주소' : record}: ${address}` +
    (tries === undefined ? '' : `, 질의하는 이름은 ${ko.count(tries)}`),
  lookupObserved: (place, { name, record }, found, tries) =>
    `${place}에서 ${name} 이름의 ${record === 'A' ? '주소' : record}: ${ko.listed(found)}` +
    (tries === undefined ? '' : `, 질의하는 이름은 ${tries}개`),
};

export const lookupCheck = checkKind({
  type: 'lookup',
  summary: 'A name resolves to an address.',
  fields: {
    from: place,
    name: z.string().meta({ description: 'The name to resolve.', examples: ['web', 'web.default.svc.cluster.local'] }),
    record: z
      .enum(['A', 'CNAME', 'SRV'])
      .default('A')
      .meta({
        description:
          'The type of the record. The value of SRV is target:port; names in values have no final dot. A also follows aliases.',
        examples: ['SRV'],
      }),
    address: match.meta({
      description: 'One of the addresses, or other values, that the name has.',
      examples: [`\${service/web:.spec.clusterIP}`],
    }),
    tries: count.exactOptional().meta({
      description:
        'For how many names the resolver asks until one has an answer, by search and ndots in the resolv.conf of the pod: a number, or {min, max}.',
      examples: [1, { max: 2 }],
    }),
    timeout,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  expected: ({ from, address, ...asked }, say) => say.lookupExpected(from, asked, plainText(address)),
  judge({ from, address, timeoutMs, ...asked }, view, say) {
    const { name, record, tries } = asked;
    return view.places.each(from, (place) => {
      const answer = view.probes.lookup(place, name, timeoutMs, record);
      if (!answer.ok) return noAnswer(place, name, answer, say);
      const counts = tries === undefined ? undefined : answer.tries;
      return {
        holds:
          answer.addresses.some((found) => isMatch(address, found)) &&
          (tries === undefined || (counts !== undefined && inRange(counts, tries))),
        observed: say.lookupObserved(place.label, asked, answer.addresses, counts),
      };
    });
  },
});
