import { describe, expect, test } from 'vitest';
import { component, gradeCheck } from '../world.ts';

describe('a process check', () => {
  const check = { type: 'process', on: 'node/node02', name: 'kube-proxy', arguments: '/(^|\\s)-v=6(\\s|$)/' };
  const running = (...argv: string[]) => ({
    node02: { processes: [component('kube-proxy', argv)], listeners: [] },
  });

  test('passes when the program runs with the argument', async () => {
    expect((await gradeCheck(check, { facts: running('--config=/x', '-v=6') })).outcome).toBe('pass');
  });

  test('fails and shows the command line of the program', async () => {
    const report = await gradeCheck(check, { facts: running('--config=/x', '-v=4') });
    expect(report).toMatchObject({ outcome: 'fail', observed: 'node02 runs: kube-proxy --config=/x -v=4' });
  });

  test('fails when the program does not run and gives a hint', async () => {
    const report = await gradeCheck(check, { facts: { node02: { processes: [], listeners: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', hint: expect.stringContaining('systemctl status kube-proxy') });
  });

  test('looks only at listeners when no program is named', async () => {
    const nobody = { type: 'process', on: 'node/node02', listening: '10.103.132.104:3306', not: true };
    const listening = {
      node02: { processes: [], listeners: [{ protocol: 'tcp' as const, address: '0.0.0.0', port: 3306 }] },
    };
    expect((await gradeCheck(nobody, { facts: { node02: { processes: [], listeners: [] } } })).outcome).toBe('pass');
    expect(await gradeCheck(nobody, { facts: listening })).toMatchObject({
      outcome: 'fail',
      expected: 'no process listens on 10.103.132.104:3306 on node02',
      observed: 'a process listens on 10.103.132.104:3306 on node02',
    });
  });

  test.each([
    ['is another program', { genuine: false }, 'another program runs in the unit of kube-proxy on node02'],
    ['is stopped by SIGSTOP', { state: 'stopped' }, 'kube-proxy on node02 is stopped by a signal (process 9)'],
    ['is another program of that name', { unit: 'user@0.service' }, "kube-proxy doesn't run on node02"],
    ['has no unit', { unit: undefined }, "kube-proxy doesn't run on node02"],
  ] as const)('fails when the component %s', async (_how, more, observed) => {
    const { unit, ...rest } = { unit: 'kube-proxy.service', ...more };
    const fact = component('kube-proxy', ['-v=6'], rest);
    const processes = [unit === undefined ? { ...fact, unit: '' } : { ...fact, unit }];
    const report = await gradeCheck(check, { facts: { node02: { processes, listeners: [] } } });
    expect(report).toMatchObject({ outcome: 'fail', observed });
  });
});
