import { expect, test } from 'vitest';
import { gradeCheck } from '../world.ts';

test('a log check finds its line on every node', async () => {
  const check = { type: 'log', on: 'node/*', path: '/var/log/p.log', line: '/Adding.*temp/' };
  const all = { 'controlplane:/var/log/p.log': 'Adding temp', 'node01:/var/log/p.log': 'Adding temp' };
  expect((await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\nAdding temp\n' } })).outcome).toBe(
    'pass',
  );
  expect(await gradeCheck(check, { files: { ...all, 'node02:/var/log/p.log': 'a\n' } })).toMatchObject({
    outcome: 'fail',
    observed: '/var/log/p.log on node02 has no such line',
  });
});
