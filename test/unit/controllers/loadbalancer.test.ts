import { expect, test } from 'vitest';
import type { Service, ServiceSpec } from '../../../src/api/core.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import { createLoadBalancer } from '../../../src/node/controllers/loadbalancer.ts';
import { aWorld } from '../../support/world.ts';

const range = parseCidr('192.168.56.224/30');
const service = (name: string, spec: Partial<ServiceSpec> = {}, ...ips: string[]): Service => ({
  kind: 'Service',
  metadata: { name, namespace: 'default', uid: name, creationTimestamp: `2026-01-01T00:00:0${name.slice(-1)}Z` },
  spec: { type: 'LoadBalancer', ...spec },
  status: { loadBalancer: ips.length === 0 ? {} : { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' as const })) } },
});

/** The addresses that the controller writes, by service; an event as `reason: message`. */
const reconciled = (...present: Service[]): readonly string[] =>
  createLoadBalancer(range)
    .reconcile('services', aWorld(present))
    .writes.map((write) => {
      if (write.verb === 'event') return `${write.about.metadata.name} ${write.reason}: ${write.message}`;
      if (write.verb !== 'patch') throw new Error(`unexpected ${write.verb}`);
      const { status } = write.patch as { status: NonNullable<Service['status']> };
      const ingress = status.loadBalancer?.ingress;
      // A merge patch keeps a list that it does not name.
      const given = ingress === null ? 'none' : ingress?.map(({ ip, ipMode }) => `${ip} ${ipMode}`);
      return `${write.key.name} has ${given ?? 'what it had'}`;
    });

test('each service gets an address of its own, the oldest first, and an event says so', () => {
  expect(reconciled(service('b2'), service('a1'))).toEqual([
    'a1 has 192.168.56.224 VIP',
    'a1 IPAllocated: Assigned IP ["192.168.56.224"]',
    'b2 has 192.168.56.225 VIP',
    'b2 IPAllocated: Assigned IP ["192.168.56.225"]',
  ]);
});

test('a service keeps its address, and an address that is free again is given away', () => {
  expect(reconciled(service('a1', {}, '192.168.56.226'), service('b2', {}, '192.168.56.224'), service('c3'))).toEqual([
    'c3 has 192.168.56.225 VIP',
    'c3 IPAllocated: Assigned IP ["192.168.56.225"]',
  ]);
});

test('the older of two services with one address keeps it', () => {
  expect(reconciled(service('b2', {}, '192.168.56.224'), service('a1', {}, '192.168.56.224'))).toEqual([
    'b2 has 192.168.56.225 VIP',
    'b2 IPAllocated: Assigned IP ["192.168.56.225"]',
  ]);
});

test.each([
  ['another range', ['10.0.0.1']],
  ['another family', ['fd00::1']],
  ['two addresses', ['192.168.56.225', '192.168.56.226']],
])('a status that somebody else has written is corrected: %s', (_, ips) => {
  expect(reconciled(service('a1', {}, ...ips))[0]).toBe('a1 has 192.168.56.224 VIP');
});

test('a service beyond the range gets none, and a warning says why', () => {
  const full = [0, 1, 2, 3].map((index) => service(`s${index}`, {}, `192.168.56.${224 + index}`));
  expect(reconciled(...full, service('s4'))).toEqual([
    's4 SyncLoadBalancerFailed: Error syncing load balancer: all addresses of 192.168.56.224/30 are in use',
  ]);
});

test('a service of another type loses its address', () => {
  expect(reconciled(service('a1', { type: 'ClusterIP' }, '192.168.56.224'), service('b2'))).toEqual([
    'b2 has 192.168.56.224 VIP',
    'b2 IPAllocated: Assigned IP ["192.168.56.224"]',
    'a1 has none',
  ]);
});

test('a service of another class is left alone', () => {
  expect(reconciled(service('a1', { loadBalancerClass: 'example.org/other' }))).toEqual([]);
});
