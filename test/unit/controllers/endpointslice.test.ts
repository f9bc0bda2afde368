import { describe, expect, test } from 'vitest';
import type { Endpoints, Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { endpointsController } from '../../../src/node/controllers/endpoints.ts';
import { endpointSliceController } from '../../../src/node/controllers/endpointslice.ts';
import type { Write } from '../../../src/node/controllers/writes.ts';
import { aNode, aPod, aService, type PodOptions } from '../../support/objects.ts';
import { aWorld } from '../../support/world.ts';

const nodes = [aNode('node01', { labels: { 'topology.kubernetes.io/zone': 'a' } }), aNode('node02')];
const pod = (index: number, options: PodOptions = {}) =>
  aPod(`web-${index}`, { node: 'node01', ip: `10.244.1.${index + 1}`, ...options });

const reconcile = (service: Service, ...objects: readonly KubeObject[]): readonly Write[] =>
  endpointSliceController.reconcile('default/web', aWorld([service, ...nodes, ...objects])).writes;

/** The slices on the API server after the writes. */
const applied = (writes: readonly Write[], before: readonly EndpointSlice[] = []): EndpointSlice[] => {
  const slices = new Map(before.map((slice) => [slice.metadata.name, slice]));
  for (const write of writes) {
    if (write.verb === 'delete') slices.delete(write.key.name);
    if (write.verb !== 'create' && write.verb !== 'update') continue;
    const name = write.object.metadata.name ?? `${write.object.metadata.generateName}${slices.size}`;
    const metadata = { ...write.object.metadata, name };
    slices.set(name, { kind: 'EndpointSlice', ...write.object, metadata } as EndpointSlice);
  }
  return [...slices.values()];
};

describe('the EndpointSlice controller', () => {
  test('makes an endpoint with node, zone and target from a ready pod', () => {
    const [slice] = applied(reconcile(aService('web'), pod(1)));
    expect(slice).toMatchObject({
      addressType: 'IPv4',
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
      endpoints: [
        {
          addresses: ['10.244.1.2'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'node01',
          zone: 'a',
          targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1' },
        },
      ],
    });
    expect(slice?.metadata).toMatchObject({
      generateName: 'web-',
      labels: {
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Service', name: 'web', controller: true }],
    });
  });

  test.each([
    { distribution: 'PreferClose', hints: { forZones: [{ name: 'a' }] } },
    { distribution: 'PreferSameZone', hints: { forZones: [{ name: 'a' }] } },
    { distribution: 'PreferSameNode', hints: { forZones: [{ name: 'a' }], forNodes: [{ name: 'node01' }] } },
    { distribution: undefined, hints: undefined },
  ])('gives a ready endpoint the hints of traffic distribution $distribution', ({ distribution, hints }) => {
    const service = aService('web', distribution === undefined ? {} : { trafficDistribution: distribution });
    const slices = applied(reconcile(service, pod(1), pod(2, { ready: false })));
    expect(slices[0]?.endpoints.map((endpoint) => endpoint.hints)).toEqual([hints, undefined]);
    expect(reconcile(aService('web'), pod(1), pod(2, { ready: false }), ...slices)).toHaveLength(hints ? 1 : 0);
  });

  test('gives an endpoint whose node has no zone only the hint of its node', () => {
    const member = pod(1, { node: 'node02' });
    const hintsFor = (trafficDistribution: string) =>
      applied(reconcile(aService('web', { trafficDistribution }), member))[0]?.endpoints[0]?.hints;
    expect(hintsFor('PreferSameNode')).toEqual({ forNodes: [{ name: 'node02' }] });
    expect(hintsFor('PreferSameZone')).toBeUndefined();
  });

  test.each([
    { name: 'not ready', options: { ready: false }, conditions: { ready: false, serving: false, terminating: false } },
    {
      name: 'terminating',
      options: { deleting: true },
      conditions: { ready: false, serving: true, terminating: true },
    },
  ])('sets the conditions of an endpoint whose pod is $name', ({ options, conditions }) => {
    expect(applied(reconcile(aService('web'), pod(1, options)))[0]?.endpoints[0]?.conditions).toEqual(conditions);
  });

  test('marks every endpoint as ready if the service has publishNotReadyAddresses', () => {
    const service = aService('web', { publishNotReadyAddresses: true });
    expect(applied(reconcile(service, pod(1, { ready: false })))[0]?.endpoints[0]?.conditions?.ready).toBe(true);
  });

  test.each<{ name: string; options: PodOptions }>([
    { name: 'has ended', options: { phase: 'Succeeded' } },
    { name: 'has no address yet', options: { ip: undefined as never } },
    { name: 'is on a node that does not exist', options: { node: 'node09' } },
    { name: 'has other labels', options: { labels: { app: 'other' } } },
  ])('leaves out a pod that $name', ({ options }) => {
    const member = aPod(
      'web-1',
      options.ip === undefined && 'ip' in options
        ? { node: 'node01' }
        : { node: 'node01', ip: '10.244.1.2', ...options },
    );
    expect(applied(reconcile(aService('web'), member))).toMatchObject([{ endpoints: [], ports: [] }]);
  });

  test('makes two slices if a named port has different numbers in two pods', () => {
    const other = pod(2, {
      spec: { containers: [{ name: 'main', image: 'web', ports: [{ name: 'http', containerPort: 8080 }] }] },
    });
    const slices = applied(reconcile(aService('web'), pod(1), other));
    expect(slices.map((slice) => slice.ports?.[0]?.port).sort()).toEqual([80, 8080]);
    expect(slices.every((slice) => slice.endpoints.length === 1)).toBe(true);
  });

  test('finds a named port of a sidecar, too', () => {
    const sidecar = { name: 'side', image: 'web', restartPolicy: 'Always' as const };
    const initContainers = [{ ...sidecar, ports: [{ name: 'http', containerPort: 8081 }] }];
    const served = pod(1, { spec: { containers: [{ name: 'main', image: 'web' }], initContainers } });
    expect(applied(reconcile(aService('web'), served))[0]?.ports).toMatchObject([{ port: 8081 }]);
  });

  test('puts at most 100 endpoints into a slice', () => {
    const many = Array.from({ length: 250 }, (_, i) => aPod(`web-${i}`, { node: 'node01', ip: `10.244.1.${i + 1}` }));
    expect(applied(reconcile(aService('web'), ...many)).map(({ endpoints }) => endpoints.length)).toEqual([
      100, 100, 50,
    ]);
  });

  test('updates one slice when a pod is added or deleted, and then has nothing left to write', () => {
    const service = aService('web');
    const one = applied(reconcile(service, pod(1)));
    const two = reconcile(service, pod(1), pod(2), ...one);
    expect(two.map(({ verb }) => verb)).toEqual(['update']);
    const both = applied(two, one);
    expect(both[0]?.endpoints.map(({ addresses }) => addresses[0])).toEqual(['10.244.1.2', '10.244.1.3']);
    expect(reconcile(service, pod(1), pod(2), ...both)).toEqual([]);
    expect(
      applied(reconcile(service, pod(2), ...both), both)[0]?.endpoints.map(({ addresses }) => addresses[0]),
    ).toEqual(['10.244.1.3']);
  });

  test('adds the first pod to the empty slice of the service instead of a new slice', () => {
    const service = aService('web');
    const empty = applied(reconcile(service));
    expect(empty).toMatchObject([{ endpoints: [], ports: [] }]);
    const filled = applied(reconcile(service, pod(1), ...empty), empty);
    expect(filled).toMatchObject([
      { metadata: { name: empty[0]?.metadata.name }, endpoints: [{ addresses: ['10.244.1.2'] }] },
    ]);
    expect(applied(reconcile(service, ...filled), filled)).toMatchObject([{ endpoints: [], ports: [] }]);
  });

  test('labels the slice of a headless service, and copies the hostname of a pod', () => {
    const service = aService('web', { clusterIP: 'None', ports: [] });
    const [slice] = applied(reconcile(service, pod(1, { spec: { hostname: 'first', subdomain: 'web' } })));
    expect(slice?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
    expect(slice).toMatchObject({ ports: [], endpoints: [{ hostname: 'first' }] });
  });

  test.each([
    { name: 'without a selector', spec: { selector: {} } },
    { name: 'of type ExternalName', spec: { type: 'ExternalName' as const } },
  ])('makes no slices for a service $name', ({ spec }) => {
    expect(reconcile(aService('web', spec), pod(1))).toEqual([]);
  });
});

describe('the Endpoints controller', () => {
  const endpointsOf = (service: Service, ...objects: readonly KubeObject[]): Endpoints | undefined => {
    const [write] = endpointsController.reconcile('default/web', aWorld([service, ...nodes, ...objects])).writes;
    return write?.verb === 'create' || write?.verb === 'update' ? (write.object as Endpoints) : undefined;
  };

  test('lists ready and not ready pods in one subset with the port', () => {
    expect(endpointsOf(aService('web'), pod(2), pod(1), pod(3, { ready: false }))?.subsets).toEqual([
      {
        addresses: [expect.objectContaining({ ip: '10.244.1.2' }), expect.objectContaining({ ip: '10.244.1.3' })],
        notReadyAddresses: [expect.objectContaining({ ip: '10.244.1.4', nodeName: 'node01' })],
        ports: [{ port: 80, protocol: 'TCP' }],
      },
    ]);
  });

  test('makes Endpoints without subsets for a service without pods', () => {
    expect(endpointsOf(aService('web'))).toMatchObject({ metadata: { name: 'web' }, subsets: [] });
  });

  test('deletes its own Endpoints if the service is missing, and other Endpoints only when the service is deleted', () => {
    const managed = { kind: 'Endpoints', ...endpointsOf(aService('web')) } as Endpoints;
    const handWritten = { kind: 'Endpoints', metadata: { name: 'web', namespace: 'default' } };
    const verbs = (key: string, object: KubeObject) =>
      endpointsController.reconcile(key, aWorld([object])).writes.map(({ verb }) => verb);
    expect(verbs('default/web', managed)).toEqual(['delete']);
    expect(verbs('default/web', handWritten)).toEqual([]);
    const [deletedKey] = endpointsController.watches[0]?.keys(aService('web'), aWorld([])) ?? [];
    expect(verbs(deletedKey ?? '', handWritten)).toEqual(['delete']);
  });
});
