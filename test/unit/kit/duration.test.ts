import { expect, test } from 'vitest';
import { formatGoDuration, parseGoDuration } from '../../../src/kit/duration.ts';

test.each(['1h0m0s', '15m0s', '1m30s', '1.5s', '250ms', '100µs', '15ns', '0s'])(
  'a parsed %s is formatted as Go formats it',
  (text) => expect(formatGoDuration(parseGoDuration(text) ?? Number.NaN)).toBe(text),
);

test.each(['', '5', 's', '1x', '1s ', '-1s'])('"%s" is not a duration', (text) =>
  expect(parseGoDuration(text)).toBeUndefined(),
);
