import { describe, expect, test } from 'vitest';
import { mergeTallies, tally } from '../../../scripts/lib/vitest.ts';

const file = (status: 'passed' | 'failed', ...statuses: string[]) => ({
  name: 'x.test.ts',
  status,
  assertionResults: statuses.map((each, index) => ({
    status: each,
    fullName: `test ${index}`,
    failureMessages: each === 'failed' ? ['Error: no\n    at here'] : [],
  })),
});

describe('the tally of a test run', () => {
  test('counts tests by their outcome, and names failed and skipped tests', () => {
    expect(
      tally('unit', { testResults: [file('failed', 'passed', 'failed', 'skipped'), file('passed', 'passed', 'todo')] }),
    ).toEqual({
      project: 'unit',
      passed: 2,
      failed: 1,
      failures: ['test 1: Error: no'],
      skipped: ['test 2', 'test 1'],
    });
  });

  test('says all of an error’s message, without the stack', () => {
    const failed = file('failed', 'failed');
    const [assertion] = failed.assertionResults;
    const failureMessages = [
      'Error: Property failed\nCounterexample: [7]\n    at check (x.ts:1:2)\n    at run (y.ts:3:4)',
    ];
    const testResults = [
      { ...failed, assertionResults: [{ ...assertion, status: 'failed', fullName: 'x', failureMessages }] },
    ];
    expect(tally('unit', { testResults }).failures).toEqual(['x: Error: Property failed\n    Counterexample: [7]']);
  });

  test('counts a file that does not load as a failure', () => {
    expect(tally('unit', { testResults: [file('failed'), file('passed', 'passed')] })).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  test('counts a file whose hooks fail as a failure', () => {
    expect(tally('unit', { testResults: [file('failed', 'passed')] })).toMatchObject({ passed: 1, failed: 1 });
  });

  test('counts a run without tests, or with skipped tests only, as a failure', () => {
    expect(tally('e2e', { testResults: [] })).toMatchObject({ failed: 1 });
    expect(tally('e2e', { testResults: [file('passed', 'skipped')] })).toMatchObject({ failed: 1 });
  });

  test('counts the runs of a project as one', () => {
    const run = (project: string, ...statuses: string[]) =>
      tally(project, { testResults: [file('passed', ...statuses)] });
    const merged = mergeTallies([run('e2e', 'passed', 'failed'), run('vm', 'passed'), run('e2e', 'passed', 'skipped')]);
    expect(merged.map(({ project, passed, failed }) => ({ project, passed, failed }))).toEqual([
      { project: 'e2e', passed: 2, failed: 1 },
      { project: 'vm', passed: 1, failed: 0 },
    ]);
    expect(merged[0]).toMatchObject({ failures: ['test 1: Error: no'], skipped: ['test 1'] });
  });
});
