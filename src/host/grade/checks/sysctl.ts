// The sysctl check: a kernel parameter of a place has a value.
import * as z from 'zod';
import { sysctlPath } from '../../../api/sysctls.ts';
import { spotOf, Unmet } from '../facts.ts';
import { isMatch, plainText } from '../match.ts';
import { english as en } from '../say/en.ts';
import { korean as ko } from '../say/ko.ts';
import { isRange, match, place, rangeError } from './fields.ts';
import { checkKind } from './kind.ts';
import { lookAt } from './look.ts';

/** `1`, `/[12]/`, or `{min: 65536}`. */
const value = z
  .union([
    match,
    z.number().transform(String),
    z.strictObject({
      min: z
        .number()
        .exactOptional()
        .meta({ description: 'The least value.', examples: [1] }),
      max: z
        .number()
        .exactOptional()
        .meta({ description: 'The greatest value.', examples: [2] }),
    }),
  ])
  .refine(isRange, rangeError)
  .meta({
    description: 'The value, /a regular expression/, or {min, max}. Several numbers are parted by one space.',
    examples: [1, { min: 65_536 }],
  });

type Wanted = z.output<typeof value>;

const english = {
  wanted: (wanted: Wanted): string =>
    typeof wanted === 'string'
      ? plainText(wanted)
      : [
          wanted.min === undefined ? '' : `at least ${wanted.min}`,
          wanted.max === undefined ? '' : `at most ${wanted.max}`,
        ]
          .filter(Boolean)
          .join(' and '),
  sysctlExpected: (on: string, name: string, wanted: string) => `${en.where(on)} has ${name} = ${wanted}`,
  sysctlObserved: (place: string, name: string, value: string) => `${place} has ${name} = ${value}`,
  noParameter: (place: string, name: string) => `the kernel has no parameter ${name} on ${place}`,
  badName: (name: string) => `"${name}" is not a parameter such as net.ipv4.ip_forward`,
};

const korean: typeof english = {
  wanted: (wanted) =>
    typeof wanted === 'string'
      ? plainText(wanted)
      : [wanted.min === undefined ? '' : `${wanted.min} 이상`, wanted.max === undefined ? '' : `${wanted.max} 이하`]
          .filter(Boolean)
          .join(' '),
  sysctlExpected: (on, name, wanted) => `${ko.where(on)}에서 ${name} = ${wanted}`,
  sysctlObserved: (place, name, value) => `${place}에서 ${name} = ${value}`,
  noParameter: (place, name) => `${place}의 커널에 ${name} 매개변수가 없음`,
  badName: (name) => `net.ipv4.ip_forward 같은 매개변수가 아님: "${name}"`,
};

export const sysctlCheck = checkKind({
  type: 'sysctl',
  summary: 'A kernel parameter of the network (net.*) has a value.',
  fields: {
    on: place,
    name: z
      .string()
      .regex(/^net[./]\S+$/, { error: (issue) => `"${issue.input}" is not a parameter such as net.ipv4.ip_forward` })
      .meta({ description: 'The name of the parameter, as sysctl takes it.', examples: ['net.ipv4.ip_forward'] }),
    value,
  },
  words: { en: english, ko: korean },
  mistakes({ name, value }) {
    // Anything else is a problem of the field alone.
    const isChecked = typeof name === 'string' && /^net[./]\S+$/.test(name) && !name.includes('${');
    const isWrong = isChecked && sysctlPath(name) === undefined;
    const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
    return [
      ...(isWrong ? [{ field: 'name', message: `"${name}" is not a parameter such as net.ipv4.ip_forward` }] : []),
      ...(isEmpty ? [{ field: 'value', message: 'needs min, max or both' }] : []),
    ];
  },
  expected: ({ on, name, value }, say) => say.sysctlExpected(on, name, say.wanted(value)),
  judge({ on, name, value: wanted }, view, say) {
    if (sysctlPath(name) === undefined) throw new Unmet(say.badName(name));
    return view.places.each(on, (place) => {
      const { value } = view.facts.one<'sysctl'>({ kind: 'sysctl', spot: spotOf(place), name });
      // Also with `not`: what does not exist has no wrong value.
      if (value === undefined) throw new Unmet(say.noParameter(place.label, name));
      const shown = value.replaceAll(/\s+/g, ' ');
      return {
        holds: isValue(wanted, shown),
        observed: say.sysctlObserved(place.label, name, shown),
        hint: lookAt(place, `sysctl ${name}`, say),
      };
    });
  },
});

const isValue = (wanted: Wanted, value: string): boolean => {
  if (typeof wanted === 'string') return isMatch(wanted, value);
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  return number >= (wanted.min ?? Number.NEGATIVE_INFINITY) && number <= (wanted.max ?? Number.POSITIVE_INFINITY);
};
