import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { longTests } from '../../../scripts/lib/long.ts';
import { contractTestsInMachine } from '../../../scripts/lib/tests.ts';

const root = join(import.meta.dirname, '../../..');

describe('the tiers of tests', () => {
  test('name only existing contract tests for the virtual machine', () => {
    expect(contractTestsInMachine.length).toBeGreaterThan(0);
    expect(contractTestsInMachine.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test.each(['unit', 'contract', 'vm', 'e2e'] as const)('find long tests in %s', (project) => {
    for (const file of longTests(project)) expect(existsSync(join(root, file)), file).toBe(true);
  });
});
