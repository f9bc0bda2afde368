// How userspace mode chooses an endpoint for each connection.
import { describe, expect, test } from 'vitest';
import type { ProxyEndpoint } from '../../../../src/node/proxy/types.ts';
import { Balancer } from '../../../../src/node/proxy/userspace/balancer.ts';
import { ip, port } from '../../../support/proxy/scalars.ts';

const endpoint = (address: string): ProxyEndpoint => ({
  ...{ address, ip: ip('10.244.1.7'), port: port(80), local: true, ready: true, serving: true, terminating: false },
  ...{ zoneHints: [], nodeHints: [] },
});
const endpoints = (...addresses: string[]) => addresses.map(endpoint);

const create = (affinitySeconds?: number, addresses = ['a', 'b', 'c']) => {
  const clock = { now: 0 };
  const balancer = new Balancer(
    () => clock.now,
    () => 0,
  );
  balancer.update(endpoints(...addresses), affinitySeconds);
  const next = (client = 'x', failed: string[] = []) => balancer.next(client, new Set(failed))?.address;
  const take = (count: number, client?: string) => Array.from({ length: count }, () => next(client));
  return { balancer, clock, next, take };
};

describe('without affinity', () => {
  test('uses endpoints in turn', () => {
    expect(create().take(6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('starts at different endpoints on different nodes', () => {
    const starts = [0, 0.3, 0.6, 0.9].map((random) => {
      const balancer = new Balancer(
        () => 0,
        () => random,
      );
      balancer.update(endpoints('a', 'b', 'c', 'd', 'e'), undefined);
      return balancer.next('x')?.address;
    });
    expect(new Set(starts).size).toBeGreaterThan(1);
  });

  test('skips a failed endpoint, even if other clients connected in between', () => {
    const { next } = create();
    expect(next()).toBe('a');
    expect([next('y'), next('y'), next('y')]).toEqual(['b', 'c', 'a']);
    expect(next('x', ['a'])).toBe('b');
    expect(next('x', ['a', 'b'])).toBe('c');
  });

  test('tries all endpoints again when all have failed', () => {
    expect(create(undefined, ['a']).next('x', ['a'])).toBe('a');
  });

  test('returns nothing without endpoints', () => {
    expect(create(undefined, []).next()).toBeUndefined();
  });

  test('uses new endpoints from the next choice on', () => {
    const { balancer, take } = create();
    balancer.update(endpoints('d'), undefined);
    expect(take(2)).toEqual(['d', 'd']);
  });
});

describe('with ClientIP affinity', () => {
  test('keeps the endpoint of a client while others connect', () => {
    const { next } = create(10);
    expect([next('x'), next('y'), next('x'), next('z'), next('y')]).toEqual(['a', 'b', 'a', 'c', 'b']);
  });

  test('ends affinity when the client made no connection during the timeout', () => {
    const { clock, next } = create(10);
    expect(next('x')).toBe('a');
    clock.now = 9_999;
    expect(next('x')).toBe('a');
    clock.now = 19_998;
    expect(next('x')).toBe('a');
    clock.now = 29_998;
    expect(next('x')).toBe('b');
  });

  test('ends affinity when the endpoint is removed, and only then', () => {
    const { balancer, next } = create(10);
    expect([next('x'), next('y')]).toEqual(['a', 'b']);
    balancer.update(endpoints('b', 'c', 'd'), 10);
    expect(next('y')).toBe('b');
    expect(['b', 'c', 'd']).toContain(next('x'));
  });

  test('keeps the endpoint that answered after the first one failed', () => {
    const { next } = create(10);
    expect(next('x')).toBe('a');
    expect(next('x', ['a'])).toBe('b');
    expect(next('x')).toBe('b');
  });

  test('ends affinity when the endpoint refuses', () => {
    const { balancer, next } = create(10);
    expect(next('x')).toBe('a');
    balancer.release('x');
    expect(next('x')).toBe('b');
  });

  test('ends affinity when the service turns it off', () => {
    const { balancer, take } = create(10);
    expect(take(2)).toEqual(['a', 'a']);
    balancer.update(endpoints('a', 'b'), undefined);
    expect(new Set(take(2))).toEqual(new Set(['a', 'b']));
  });
});
