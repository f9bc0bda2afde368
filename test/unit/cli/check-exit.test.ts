import { expect, test } from 'vitest';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import { exitCode } from '../../../src/host/cli/commands/check.ts';

const reportWith = (outcome: CheckReport['outcome'], passedAt?: string): Report =>
  ({
    broken: outcome === 'broken',
    tasks: [{ checks: [{ outcome }], ...(passedAt === undefined ? {} : { passedAt }) }],
  }) as unknown as Report;

test.each<[CheckReport['outcome'], string | undefined, number]>([
  ['pass', undefined, 0],
  ['fail', undefined, 1],
  ['fail', '2026-11-23T08:00:00Z', 0],
  ['broken', undefined, 3],
  ['broken', '2026-11-23T08:00:00Z', 3],
])('`labs check` ends with the right code: %s, passed at %s → %i', (outcome, passedAt, code) => {
  expect(exitCode(reportWith(outcome, passedAt))).toBe(code);
});
