// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates as labs write them
import { describe, expect, test } from 'vitest';
import { sysctlCheck } from '../../../../src/host/grade/checks/sysctl.ts';
import { gradeCheck, objects, type World } from '../world.ts';

const check = { type: 'sysctl', on: 'node/node01', name: 'net.ipv4.ip_forward', value: 1 };
const having = (value: string | undefined): World => ({ objects, sysctl: () => value });

describe('a sysctl check', () => {
  test.each([
    [1, '1'],
    ['/[12]/', '2'],
    ['32768 60999', '32768\t60999'],
    [{ min: 100 }, '100'],
    [{ min: 1, max: 3 }, '3'],
    [{ max: -1 }, '-1'],
  ])('takes %j for %j', async (value, found) => {
    expect(await gradeCheck({ ...check, value }, having(found))).toMatchObject({ outcome: 'pass' });
  });

  test.each([
    [1, '11'],
    ['1', '0'],
    [{ min: 100 }, '99'],
    [{ max: 3 }, '4'],
    [{ min: 1 }, '1 2'],
    [{ max: 9 }, ''],
  ])('does not take %j for %j', async (value, found) => {
    expect(await gradeCheck({ ...check, value }, having(found))).toMatchObject({ outcome: 'fail' });
  });

  test('says what the value is and how to see it', async () => {
    expect(await gradeCheck({ ...check, value: { min: 2, max: 3 } }, having('1'))).toMatchObject({
      expected: 'node01 has net.ipv4.ip_forward = at least 2 and at most 3',
      observed: 'node01 has net.ipv4.ip_forward = 1',
      hint: 'On node01: sysctl net.ipv4.ip_forward',
    });
  });

  test('says how to look into a pod: with the tools of its node', async () => {
    expect(await gradeCheck({ ...check, on: 'pod/blue' }, having('0'))).toMatchObject({
      observed: 'pod blue has net.ipv4.ip_forward = 0',
      hint: 'On node01: ip -all netns exec sysctl net.ipv4.ip_forward',
    });
  });

  test('with not, passes on another value, but not without a value', async () => {
    expect((await gradeCheck({ ...check, not: true }, having('0'))).outcome).toBe('pass');
    expect((await gradeCheck({ ...check, not: true }, having('1'))).outcome).toBe('fail');
    for (const not of [false, true])
      expect(await gradeCheck({ ...check, not }, having(undefined))).toMatchObject({
        outcome: 'fail',
        observed: 'the kernel has no parameter net.ipv4.ip_forward on node01',
      });
  });

  test('looks at each node, and at pods and clients', async () => {
    const asked: string[] = [];
    const sysctl: World['sysctl'] = (at, name) => {
      asked.push(`${at} ${name}`);
      return '1';
    };
    for (const on of ['node/*', 'pod/blue', 'client']) await gradeCheck({ ...check, on }, { objects, sysctl });
    expect(asked.map((text) => text.replace(/ net.*/, '')).sort()).toEqual([
      'client',
      'controlplane',
      'node01',
      'node01 10.244.1.3',
      'node02',
    ]);
  });

  test('never leaves /proc/sys/net, whatever a student writes into an object', async () => {
    const name = 'net.ipv4.conf.${pod/blue:.metadata.annotations.link}.rp_filter';
    const evil = { metadata: { name: 'blue', namespace: 'default', annotations: { link: '//.//.kernel' } } };
    const world = { ...having('1'), objects: { ...objects, '/api/v1/pods': [evil] } };
    expect(await gradeCheck({ ...check, name }, world)).toMatchObject({
      outcome: 'fail',
      observed: expect.stringContaining('is not a parameter'),
    });
  });

  test.each([
    [{ name: 'net/../kernel/hostname', value: 1 }, 'name'],
    [{ name: 'net.ipv4.ip_forward', value: {} }, 'value'],
  ])('finds the mistake in %j', (written, field) => {
    expect(sysctlCheck.mistakes?.(written).map((mistake) => mistake.field)).toEqual([field]);
  });
});
