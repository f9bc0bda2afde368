import { expect, test } from 'vitest';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { refuseOtherVariation, variationOf } from '../../../src/host/cli/variation.ts';

const context = { say: messagesIn('en') } as unknown as Context;
const built = (variation: { seed?: string; student?: string }) =>
  ({ name: 'exam', lab: 'exam', definition: '', state: 'stopped', machines: 3, variation }) as const;

test('the flags are taken as they are', () => {
  expect(variationOf(context, {})).toEqual({});
  expect(variationOf(context, { student: 'kim@example.org', seed: '2026-1' })).toEqual({
    student: 'kim@example.org',
    seed: '2026-1',
  });
});

test.each(['', 'a b', 'a/b', 'x'.repeat(65), '$(id)', 'a\nb'])('%o is refused', (text) => {
  for (const flag of ['seed', 'student'])
    expect(() => variationOf(context, { [flag]: text })).toThrow(
      expect.objectContaining({ code: 'LAB_SEED_INVALID', message: `--${flag} "${text}" is not valid` }),
    );
});

test('a cluster keeps what it was built with', () => {
  refuseOtherVariation(context, built({ student: 'kim' }), {});
  refuseOtherVariation(context, built({ student: 'kim' }), { student: 'kim' });
  expect(() => refuseOtherVariation(context, built({ student: 'kim' }), { student: 'lee' })).toThrow(
    expect.objectContaining({
      code: 'LAB_SEED_FIXED',
      message: 'The cluster exam was built with --student kim, and keeps its values',
    }),
  );
  expect(() => refuseOtherVariation(context, built({}), { seed: '1' })).toThrow(
    'The cluster exam was built without --seed, and keeps its values',
  );
});
