import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cidrAddress,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  ipv4FromNumber,
  ipv4ToNumber,
  parseCidr,
  parseIpv4,
  withoutHostBits,
} from '../../../src/api/scalars.ts';

const number32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyCidr = fc
  .tuple(number32, fc.integer({ min: 0, max: 32 }))
  .map(([value, prefix]) =>
    parseCidr(`${ipv4FromNumber(prefix === 0 ? 0 : ((value >>> (32 - prefix)) << (32 - prefix)) >>> 0)}/${prefix}`),
  );

describe('an IPv4 address', () => {
  test('stays the same after conversion to a number and back', () => {
    fc.assert(fc.property(number32, (value) => ipv4ToNumber(parseIpv4(ipv4FromNumber(value))) === value));
  });

  test.each(['', '10.0.0', '10.0.0.0.0', '10.0.0.256', '010.0.0.1', '10.0.0.1 ', '10.0.0.-1', '::1', '1e1.0.0.1'])(
    'is not "%s"',
    (text) => expect(() => parseIpv4(text)).toThrow(`"${text}" is not an IPv4 address`),
  );
});

describe('a network', () => {
  test('knows its first and last address', () => {
    expect(cidrRange(parseCidr('10.96.0.0/12'))).toEqual({
      first: ipv4ToNumber(parseIpv4('10.96.0.0')),
      last: ipv4ToNumber(parseIpv4('10.111.255.255')),
      prefix: 12,
    });
  });

  test('says which network was meant when host bits are set', () => {
    expect(() => parseCidr('10.244.1.7/24')).toThrow('did you mean 10.244.1.0/24?');
    expect(() => parseCidr('10.0.0.1/0')).toThrow('did you mean 0.0.0.0/0?');
  });

  test('drops host bits where they are allowed', () => {
    expect(withoutHostBits('10.244.1.7/24')).toBe('10.244.1.0/24');
    expect(withoutHostBits('10.0.0.1/0')).toBe('0.0.0.0/0');
  });

  test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '/8', '10.0.0.0/ 8'])('is not "%s"', (text) =>
    expect(() => parseCidr(text)).toThrow(),
  );

  test('holds its own addresses and no others', () => {
    fc.assert(
      fc.property(anyCidr, number32, (cidr, value) => {
        const { first, last } = cidrRange(cidr);
        return cidrContains(cidr, ipv4FromNumber(value)) === (value >= first && value <= last);
      }),
    );
  });

  test('overlaps another exactly when one holds the other’s first address', () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (a, b) => {
        const expected = cidrContains(a, cidrAddress(b, 0)) || cidrContains(b, cidrAddress(a, 0));
        return cidrsOverlap(a, b) === expected && cidrsOverlap(b, a) === expected;
      }),
    );
  });

  test('counts its addresses from the network address on', () => {
    const cidr = parseCidr('10.96.0.0/30');
    expect(cidrAddress(cidr, 3)).toBe('10.96.0.3');
    expect(() => cidrAddress(cidr, 4)).toThrow('10.96.0.0/30 has no address number 4');
    expect(() => cidrAddress(cidr, -1)).toThrow();
  });
});
