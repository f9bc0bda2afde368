import { describe, expect, test } from 'vitest';
import { cidrContains, parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import { createIpAllocator } from '../../../src/node/apiserver/allocation/ip-allocator.ts';
import { createPortAllocator, parsePortRange } from '../../../src/node/apiserver/allocation/port-allocator.ts';
import { parseServiceRange } from '../../../src/node/apiserver/allocation/service-range.ts';

describe('service addresses', () => {
  test('come from the range, each address only once, until the range is full', () => {
    const range = parseCidr('10.0.0.0/28');
    const allocator = createIpAllocator(range);
    const taken = new Set<string>();
    for (let address = allocator.draw(taken); address; address = allocator.draw(taken)) {
      expect(cidrContains(range, address)).toBe(true);
      taken.add(address);
    }
    expect(taken.size).toBe(14);
  });

  test('come from above the lower band, which is for addresses that users choose', () => {
    const allocator = createIpAllocator(parseCidr('10.96.0.0/12'));
    for (let round = 0; round < 200; round += 1) expect(allocator.draw(new Set())).not.toMatch(/^10\.96\.0\./);
  });

  test.each(['10.96.0.0', '10.111.255.255', '10.112.0.1', '1.2.3.4'])('%s is refused', (address) => {
    expect(createIpAllocator(parseCidr('10.96.0.0/12')).refuse(parseIpv4(address), new Set())).toMatch(
      /is not in the valid range/,
    );
  });
});

test('node ports come from above the lower band while ports are free there', () => {
  const allocator = createPortAllocator(parsePortRange('30000-32767'));
  for (let round = 0; round < 200; round += 1) expect(allocator.draw(new Set())).toBeGreaterThanOrEqual(30_086);
  const upper = new Set(Array.from({ length: 2682 }, (_, index) => 30_086 + index));
  expect(allocator.draw(upper)).toBeLessThan(30_086);
});

describe('--service-cluster-ip-range', () => {
  test.each([
    ['10.96.0.0/12', '10.96.0.0/12'],
    ['10.96.0.1/16', '10.96.0.0/16'],
  ])('parses %s as %s', (text, range) => {
    expect(parseServiceRange(text)).toBe(range);
  });

  test.each([
    ['10.96.0.0', 'invalid CIDR address: 10.96.0.0'],
    ['10.96.0.0/40', 'invalid CIDR address: 10.96.0.0/40'],
    ['10.0.0.0/8', 'the mask must be >= 12'],
    ['10.0.0.0/30', 'must be at least 8 IP addresses'],
    ['10.0.0.0/24,fd00::/108', 'one address family'],
  ])('refuses %s: %s', (text, says) => {
    expect(() => parseServiceRange(text)).toThrow(says);
  });
});
