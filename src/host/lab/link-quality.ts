// The field `link` of lab.yaml: the delay, loss and rate of a link.
import * as z from 'zod';
import { parseGoDuration } from '../../kit/duration.ts';

/** Of a delay, in milliseconds. */
const mostDelay = 5000;
const leastRate = '8kbit';
/** Enough for any lab; the kernel's numbers of bytes have 32 bits. */
const mostRate = '100gbit';

const bits: Readonly<Record<string, number>> = { kbit: 1e3, mbit: 1e6, gbit: 1e9 };

const bitsPerSecond = (text: string): number => {
  const [, value, unit = ''] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Number(value) * (bits[unit] ?? Number.NaN);
};

// Also for a number: it is a value whose unit is missing.
const notTime = ({ input }: { readonly input?: unknown }): string =>
  `"${input}" is not a duration such as 20ms or 1.5s`;
const notShare = ({ input }: { readonly input?: unknown }): string => `"${input}" is not a share such as 5%`;
const notRate = ({ input }: { readonly input?: unknown }): string => `"${input}" is not a rate such as 10mbit`;

/** tc takes these units, too. */
const time = (description: string, examples: readonly string[]) =>
  z
    .string({ error: notTime })
    .regex(/^\d+(\.\d+)?(us|ms|s)$/, { error: notTime })
    .refine((text) => (parseGoDuration(text) ?? 0) <= mostDelay, { error: 'must be at most 5s' })
    .meta({ description, title: 'duration', examples: [...examples] });

const shape = z.strictObject({
  delay: time('How long each packet takes longer. At most 5s.', ['20ms']).exactOptional(),
  jitter: time('By how much the delay varies, up and down. Needs `delay`. Packets can overtake each other.', [
    '5ms',
  ]).exactOptional(),
  loss: z
    .string({ error: notShare })
    .regex(/^\d+(\.\d+)?%$/, { error: notShare })
    .refine((text) => !(Number.parseFloat(text) > 100), { error: 'must be at most 100%' })
    .meta({ description: 'Which part of the packets is lost.', title: 'share', examples: ['5%'] })
    .exactOptional(),
  rate: z
    .string({ error: notRate })
    .regex(/^\d+(\.\d+)?(kbit|mbit|gbit)$/, { error: notRate })
    .refine((text) => !(bitsPerSecond(text) < bitsPerSecond(leastRate)), { error: `must be at least ${leastRate}` })
    .refine((text) => !(bitsPerSecond(text) > bitsPerSecond(mostRate)), { error: `must be at most ${mostRate}` })
    .meta({ description: 'How much passes in a second. At least 8kbit.', title: 'rate', examples: ['10mbit'] })
    .exactOptional(),
});

const examples = [{ delay: '20ms', loss: '5%' }];

/** @param description which link it is */
export const linkQuality = (description: string) =>
  shape
    .superRefine(({ delay, jitter, ...others }, context) => {
      const issue = (path: readonly string[], message: string): void =>
        context.addIssue({ code: 'custom', path: [...path], message });
      if (delay === undefined && jitter === undefined && Object.keys(others).length === 0)
        issue([], 'needs delay, loss, rate or several of them');
      if (jitter === undefined) return;
      if (delay === undefined) issue(['jitter'], 'needs the field delay');
      else if ((parseGoDuration(jitter) ?? 0) > (parseGoDuration(delay) ?? 0))
        issue(['jitter'], `must be at most the delay, ${delay}`);
    })
    .meta({ description, examples });
