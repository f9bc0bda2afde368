import { expect, test } from 'vitest';
import { gradeCheck } from '../world.ts';

test('a file check tells a missing file from a wrong one', async () => {
  const check = { type: 'file', on: 'node/node01', path: '/etc/x', content: 'yes' };
  expect((await gradeCheck(check, { files: { 'node01:/etc/x': 'yes\n' } })).outcome).toBe('pass');
  expect(await gradeCheck(check, { files: { 'node01:/etc/x': 'no\n' } })).toMatchObject({
    outcome: 'fail',
    observed: '/etc/x on node01: no',
  });
  expect(await gradeCheck(check, {})).toMatchObject({ outcome: 'fail', observed: 'node01 has no file /etc/x' });
});
