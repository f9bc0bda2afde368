import { expect, test } from 'vitest';
import { sysctlPath } from '../../../src/api/sysctls.ts';

test.each([
  ['net.ipv4.ip_forward', 'net/ipv4/ip_forward'],
  ['net/ipv4/ip_forward', 'net/ipv4/ip_forward'],
  ['net.ipv4.conf.eth0/100.rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
  ['net/ipv4/conf/eth0.100/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter'],
])('%s is the file %s', (name, path) => {
  expect(sysctlPath(name)).toBe(path);
});

test.each([
  'net',
  'net.',
  'kernel.hostname',
  'net/../kernel/hostname',
  'net.//.kernel',
  'net/./x',
  'net..ipv4',
  '/net/ipv4',
  'net.ipv4.a b',
  'net.ipv4.x\n',
  '',
])('%j names no parameter of the network', (name) => {
  expect(sysctlPath(name)).toBeUndefined();
});
