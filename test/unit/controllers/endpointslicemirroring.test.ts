// Hand-written Endpoints become slices that the API server accepts.
import { expect, test } from 'vitest';
import type { Endpoints } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { endpointSliceMirroringController, mirroredBy } from '../../../src/node/controllers/endpointslicemirroring.ts';
import { aService } from '../../support/objects.ts';
import { aWorld } from '../../support/world.ts';

const service = { ...aService('outside'), spec: { ports: [{ port: 80 }] } };
const source = (...subsets: NonNullable<Endpoints['subsets']>): Endpoints => ({
  kind: 'Endpoints',
  metadata: { name: 'outside', namespace: 'default', uid: 'u' },
  subsets,
});
const mirror = (object: Endpoints, ...slices: EndpointSlice[]) =>
  endpointSliceMirroringController.reconcile('default/outside', aWorld([service, object, ...slices])).writes;
const contents = (writes: ReturnType<typeof mirror>) =>
  writes.map((write) => {
    const { addressType, endpoints, ports } = ('object' in write ? write.object : {}) as EndpointSlice;
    return [write.verb, addressType, endpoints?.flatMap(({ addresses }) => addresses), ports?.map(({ port }) => port)];
  });

test('addresses of both families become slices of their own', () => {
  const addresses = [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }];
  expect(contents(mirror(source({ addresses, ports: [{ port: 80 }] })))).toEqual([
    ['create', 'IPv4', ['10.0.0.1'], [80]],
    ['create', 'IPv6', ['fd00::1'], [80]],
  ]);
});

test('a slice keeps its family when the addresses change to another one', () => {
  const existing: EndpointSlice = {
    ...{ kind: 'EndpointSlice', addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [] },
    metadata: {
      name: 'outside-1',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/managed-by': mirroredBy, 'kubernetes.io/service-name': 'outside' },
    },
  };
  const writes = mirror(source({ addresses: [{ ip: 'fd00::1' }] }), existing);
  expect(writes.map(({ verb }) => verb).sort()).toEqual(['create', 'delete']);
});

test('of two ports with one name, the first counts, and a slice has at most 1000 endpoints', () => {
  const addresses = Array.from({ length: 1200 }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));
  const ports = [
    { name: 'a', port: 80 },
    { name: 'a', port: 81 },
  ];
  const [[, , mirrored = [], numbers] = []] = contents(mirror(source({ addresses, ports })));
  expect(mirrored).toHaveLength(1000);
  expect(numbers).toEqual([80]);
});
