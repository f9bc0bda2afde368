import { expect, test } from 'vitest';
import { microTimestamp, timestamp } from '../../../src/api/time.ts';

const time = Date.UTC(2026, 10, 23, 6, 31, 46, 123);

test('a timestamp has whole seconds', () => expect(timestamp(time)).toBe('2026-11-23T06:31:46Z'));
test('a microtimestamp has six digits after the second', () =>
  expect(microTimestamp(time)).toBe('2026-11-23T06:31:46.123000Z'));
