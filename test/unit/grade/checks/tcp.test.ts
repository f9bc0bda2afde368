import { describe, expect, test } from 'vitest';
import { gradeCheck, lost, type World } from '../world.ts';

describe('a tcp check', () => {
  const check = { type: 'tcp', from: 'client', to: '10.103.132.104:3306', banner: '/mariadb/i' };

  test('passes when the server greets as expected', async () => {
    const tcp: World['tcp'] = () => ({ ok: true, remote: '', milliseconds: 1, banner: 'Z\0\0\n11.8-MariaDB' });
    expect(await gradeCheck(check, { tcp })).toMatchObject({
      outcome: 'pass',
      observed: expect.stringContaining('MariaDB'),
    });
  });

  test('fails when the connection is refused and says what that means', async () => {
    const tcp: World['tcp'] = () => ({ ok: false, failure: 'refused', message: '' });
    expect(await gradeCheck(check, { tcp })).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('refused at once: an answer came'),
    });
  });
});

test('with not, a tcp check fails when one of several nodes gets through', async () => {
  const check = { type: 'tcp', from: 'node/*', to: '10.0.0.1:80', not: true };
  const tcp: World['tcp'] = (at) => (at === 'node02' ? { ok: true, remote: '', milliseconds: 1, banner: '' } : lost);
  expect(await gradeCheck(check, { tcp })).toMatchObject({
    outcome: 'fail',
    expected: 'no node can connect to 10.0.0.1:80',
    observed: 'node02 connected to 10.0.0.1:80',
  });
});
