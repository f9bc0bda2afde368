import { expect, test } from 'vitest';
import type { IPAddress, ServiceCIDR } from '../../../src/api/networking.ts';
import { serviceCidrController } from '../../../src/node/controllers/servicecidr.ts';
import { aWorld } from '../../support/world.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
const range = (name: string, cidr: string, rest: Partial<ServiceCIDR['metadata']> = {}): ServiceCIDR => ({
  kind: 'ServiceCIDR',
  metadata: { name, uid: name, resourceVersion: '1', ...rest },
  spec: { cidrs: [cidr] },
  status: {},
});
const address = (name: string): IPAddress => ({ kind: 'IPAddress', metadata: { name } });
const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer] };
const patches = (objects: Parameters<typeof aWorld>[0], name = 'r') =>
  serviceCidrController
    .reconcile(name, aWorld(objects))
    .writes.map((write) => ('patch' in write ? write.patch : write));

test('a new range becomes ready, and is held by a finalizer', () => {
  expect(patches([range('r', '10.0.0.0/24')])).toEqual([
    { metadata: { uid: 'r', resourceVersion: '1', finalizers: [finalizer] } },
    { status: { conditions: [expect.objectContaining({ type: 'Ready', status: 'True' })] } },
  ]);
});

test('a range that is ready is left alone', () => {
  const message = 'Kubernetes Service CIDR is ready';
  const ready = range('r', '10.0.0.0/24', { finalizers: [finalizer] });
  ready.status = { conditions: [{ type: 'Ready', status: 'True', reason: '', message, lastTransitionTime: 'x' }] };
  expect(patches([ready])).toEqual([]);
});

test('a deleted range stays, not ready, while a service needs one of its addresses', () => {
  expect(patches([range('r', '10.0.0.0/24', deleted), address('10.0.0.7')])).toEqual([
    { status: { conditions: [expect.objectContaining({ type: 'Ready', status: 'False', reason: 'Terminating' })] } },
  ]);
});

test.each([
  { name: 'no address is in use', others: [address('10.1.0.7')] },
  { name: 'another range has its addresses', others: [address('10.0.0.7'), range('wide', '10.0.0.0/16')] },
])('a deleted range goes when $name', ({ others }) => {
  const released = { metadata: { uid: 'r', resourceVersion: '1', finalizers: null } };
  expect(patches([range('r', '10.0.0.0/24', deleted), ...others])).toEqual([released]);
});
