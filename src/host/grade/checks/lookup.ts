// The lookup check: the cluster DNS resolves a name to the right address.
import * as z from 'zod';
import { isMatch } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { match, place } from './fields.ts';
import { checkKind } from './kind.ts';
import { noAnswer, probeEnglish, probeKorean, timeout } from './probe.ts';

const english = {
  ...probeEnglish,
  lookupExpected: (from: string, name: string, address: string) => `${en.where(from)} resolves ${name} to ${address}`,
  lookupObserved: (place: string, name: string, addresses: readonly string[]) =>
    `${place} resolves ${name} to ${en.listed(addresses)}`,
};

const korean: typeof english = {
  ...probeKorean,
  lookupExpected: (from, name, address) => `${ko.where(from)}에서 ${name} 이름의 주소는 ${address}`,
  lookupObserved: (place, name, addresses) => `${place}에서 ${name} 이름의 주소는 ${ko.listed(addresses)}`,
};

export const lookupCheck = checkKind({
  type: 'lookup',
  summary: 'A name resolves to an address.',
  fields: {
    from: place,
    name: z.string().meta({ description: 'The name to resolve.', examples: ['web', 'web.default.svc.cluster.local'] }),
    address: match.meta({
      description: 'One of the addresses that the name has.',
      examples: [`\${service/web:.spec.clusterIP}`],
    }),
    timeout,
  },
  words: { en: english, ko: korean },
  resolve: ({ timeout, ...check }) => ({ ...check, timeoutMs: timeout }),
  expected: ({ from, name, address }, say) => say.lookupExpected(from, name, address),
  judge(check, view, say) {
    return view.places.each(check.from, (place) => {
      const answer = view.probes.lookup(place, check.name, check.timeoutMs);
      if (!answer.ok) return noAnswer(place, check.name, answer, say);
      return {
        holds: answer.addresses.some((found) => isMatch(check.address, found)),
        observed: say.lookupObserved(place.label, check.name, answer.addresses),
      };
    });
  },
});
