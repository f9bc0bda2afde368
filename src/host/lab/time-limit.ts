// How long students have: `timeLimit` of lab.yaml, `--time-limit` and `labs extend` take the same texts.
import * as z from 'zod';
import { parseGoDuration } from '../../kit/duration.ts';

/** @returns milliseconds, from 1s to 24h; undefined for anything else */
export const parseTimeLimit = (text: string): number | undefined => {
  const limit = parseGoDuration(text);
  return limit !== undefined && limit >= 1000 && limit <= 24 * 3_600_000 ? limit : undefined;
};

const wrong = ({ input }: { readonly input?: unknown }): string | undefined => {
  if (input === undefined || (input !== null && typeof input === 'object')) return undefined;
  const meant = meantBy(String(input));
  const advice = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return `"${String(input)}" is no time limit from 1s to 24h, such as 90s, 10m or 1h30m${advice}`;
};

/** `90 min`, `1 hour 30 minutes`, `90`: a number alone stands for minutes. */
const meantBy = (text: string): string | undefined => {
  const short = text
    .toLowerCase()
    .replaceAll(/[\s_,]/g, '')
    .replaceAll(/(\d)(hours?|hrs?|시간)/g, '$1h')
    .replaceAll(/(\d)(minutes?|mins?|분)/g, '$1m')
    .replaceAll(/(\d)(seconds?|secs?|초)/g, '$1s')
    .replace(/^\d+$/, '$&m');
  return short !== text && parseTimeLimit(short) !== undefined ? short : undefined;
};

/** → milliseconds */
export const timeLimitSchema = z
  .string({ error: wrong })
  .refine((text) => parseTimeLimit(text) !== undefined, { error: wrong })
  .transform((text) => parseTimeLimit(text) ?? 0)
  .meta({
    description:
      'For exams: how long the student has, at most 24h. The clock starts when the lab is ready for the first time. ' +
      'What counts is the latest grading before the end.',
    title: 'duration',
    examples: ['90m', '1h30m'],
  });
