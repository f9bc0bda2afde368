import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatIp,
  isCidr,
  networkAddress,
  networkContains,
  parseIp,
  readIp,
  readNetwork,
} from '../../../src/api/ip.ts';

const families = [
  { name: 'IPv4', bits: 32, family: 'ipv4' },
  { name: 'IPv6', bits: 128, family: 'ipv6' },
] as const;

describe.each(families)('$name', ({ bits, family }) => {
  const value = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
  const prefix = fc.integer({ min: 0, max: bits });

  test('an address stays the same after conversion to a number and back', () => {
    fc.assert(fc.property(value, (value) => parseIp(formatIp({ bits, value }))?.value === value));
  });

  test("agrees with Node's BlockList about which addresses a network has", () => {
    const neighbours = fc.tuple(value, prefix, value, fc.boolean()).map(([network, prefix, other, isNear]) => {
      const noise = prefix === 0 || !isNear ? other : other & ((1n << BigInt(bits - prefix)) - 1n);
      return {
        network: formatIp({ bits, value: network }),
        prefix,
        address: formatIp({ bits, value: isNear ? network ^ noise : other }),
      };
    });
    fc.assert(
      fc.property(neighbours, ({ network, prefix, address }) => {
        const list = new BlockList();
        list.addSubnet(network, prefix, family);
        return networkContains(`${network}/${prefix}`, address) === list.check(address, family);
      }),
    );
  });
});

test.each([
  ['10.0.0.0/8', '10.200.3.4', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.0.0.1/255.0.0.255', '10.9.9.1', true],
  ['10.0.0.1/255.0.0.255', '10.9.9.2', false],
  ['::/0', '10.0.0.1', false],
  ['0.0.0.0/0', '::1', false],
  ['fd00::/8', 'fd12:3::4', true],
  ['::ffff:10.0.0.0/104', '::ffff:10.1.2.3', true],
  ['nonsense', '10.0.0.1', false],
  ['10.0.0.0/33', '10.0.0.1', false],
  ['10.0.0.0/8/8', '10.0.0.1', false],
  ['10.0.0.0/8', 'nonsense', false],
])('%s contains %s: %s', (network, address, has) => expect(networkContains(network, address)).toBe(has));

test.each([
  ['10.1.2.3/8', '10.0.0.0'],
  ['fd00:1:2::3/32', 'fd00:1::'],
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.3/40', undefined],
])('the network address of %s is %s', (network, address) => expect(networkAddress(network)).toBe(address));

test.each([
  ['10.0.0.0/8', true],
  ['10.1.2.3/8', true],
  ['fd00::/128', true],
  ['10.0.0.0', false],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['a/8', false],
])('%s is a CIDR: %s', (text, is) => expect(isCidr(text)).toBe(is));

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['010.000.0.01', '10.0.0.1'],
  ['FD00:0:0::1', 'fd00::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['fe80::1%eth0', undefined],
  ['10.0.0.256', undefined],
  ['10.0.0.1/32', undefined],
  [' 10.0.0.1', undefined],
  ['', undefined],
])('reads the address "%s" as Kubernetes does', (text, canonical) => {
  expect(readIp(text)?.text).toBe(canonical);
});

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['FD00::1/16', 'fd00::/16'],
  ['10.0.0.0/33', undefined],
  ['10.0.0.0/255.0.0.0', undefined],
  ['::ffff:10.0.0.0/104', undefined],
  ['10.0.0.0/-1', undefined],
  ['10.0.0.0', undefined],
])('reads the network "%s" without its host bits', (text, canonical) => {
  expect(readNetwork(text)?.text).toBe(canonical);
});
