// Topology mode Auto gives each zone a share of the endpoints by its CPUs, or tells in an Event why it cannot.
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { endpointSliceController } from '../../../src/node/controllers/endpointslice.ts';
import { aNode, aPod, aService } from '../../support/objects.ts';
import { aWorld } from '../../support/world.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const nodeIn = (name: string, zone: string | undefined, cpu = '2') =>
  aNode(name, {
    ...(zone === undefined ? {} : { labels: { [zoneLabel]: zone } }),
    status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: 'True' }] },
  });
const podsOn = (...nodes: string[]) =>
  nodes.map((node, index) => aPod(`web-${index}`, { node, ip: `10.244.1.${index + 1}` }));

const auto = (annotation = 'service.kubernetes.io/topology-mode', value = 'Auto'): Service => {
  const service = aService('web');
  return { ...service, metadata: { ...service.metadata, annotations: { [annotation]: value } } };
};

const reconcile = (service: Service, ...objects: Parameters<typeof aWorld>[0]) => {
  const { writes } = endpointSliceController.reconcile('default/web', aWorld([service, ...objects]));
  const slices = writes.flatMap((write) =>
    write.verb === 'create' || write.verb === 'update' ? [write.object as EndpointSlice] : [],
  );
  return {
    slices: slices.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: 'web-x' } })),
    hints: slices.flatMap(({ endpoints }) => endpoints.map(({ hints }) => hints?.forZones?.[0]?.name)),
    events: writes.flatMap((write) =>
      write.verb === 'event' ? [`${write.type} ${write.reason}: ${write.message}`] : [],
    ),
  };
};

describe('topology mode Auto', () => {
  test.each([
    ['service.kubernetes.io/topology-mode', 'Auto'],
    ['service.kubernetes.io/topology-aware-hints', 'auto'],
  ])('by %s: %s gives each endpoint its own zone if the shares fit, and tells that once', (annotation, value) => {
    const service = auto(annotation, value);
    const nodes = [nodeIn('n1', 'a'), nodeIn('n2', 'b')];
    const { hints, events, slices } = reconcile(service, ...nodes, ...podsOn('n1', 'n2', 'n1', 'n2'));
    expect(hints).toEqual(['a', 'b', 'a', 'b']);
    expect(events).toEqual([
      'Normal TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4',
    ]);
    const kept = slices.map((slice) => ({ kind: 'EndpointSlice', ...slice }));
    expect(reconcile(service, ...nodes, ...podsOn('n1', 'n2', 'n1', 'n2'), ...kept)).toMatchObject({
      hints: [],
      events: [],
    });
  });

  test('moves endpoints to a zone that has too few', () => {
    const nodes = [nodeIn('n1', 'a', '1'), nodeIn('n2', 'b', '1')];
    const { hints } = reconcile(auto(), ...nodes, ...podsOn('n1', 'n1', 'n1', 'n1', 'n1', 'n2'));
    expect(hints.filter((zone) => zone === 'a')).toHaveLength(3);
    expect(hints.filter((zone) => zone === 'b')).toHaveLength(3);
  });

  test.each([
    {
      problem: 'Insufficient number of endpoints (1 endpoints, 2 zones)',
      nodes: [nodeIn('n1', 'a'), nodeIn('n2', 'b')],
      pods: ['n1'],
    },
    {
      problem: 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
      nodes: [nodeIn('n1', 'a'), nodeIn('n2', undefined)],
      pods: ['n1', 'n2'],
    },
    { problem: 'Nodes only ready in one zone', nodes: [nodeIn('n1', 'a')], pods: ['n1', 'n1'] },
    {
      problem: 'Minimum allocation of required endpoints exceeds overload threshold',
      nodes: [nodeIn('n1', 'a', '1'), nodeIn('n2', 'b', '9')],
      pods: ['n1', 'n2', 'n2'],
    },
  ])('gives no hints and warns: $problem', ({ problem, nodes, pods }) => {
    const { hints, events } = reconcile(auto(), ...nodes, ...podsOn(...pods));
    expect(hints).toEqual(pods.map(() => undefined));
    expect(events).toEqual([`Warning TopologyAwareHintsDisabled: ${problem}, addressType: IPv4`]);
    // The slices of a service that had no hints before do not change when it gets the annotation.
    const kept = reconcile(aService('web'), ...nodes, ...podsOn(...pods)).slices.map((slice) => ({
      kind: 'EndpointSlice',
      ...slice,
    }));
    expect(reconcile(auto(), ...nodes, ...podsOn(...pods), ...kept)).toMatchObject({ slices: [], events });
  });

  test('does not count the CPUs of control planes', () => {
    const plane = nodeIn('n0', 'c', '64');
    const labels = { ...plane.metadata.labels, 'node-role.kubernetes.io/control-plane': '' };
    const nodes = [{ ...plane, metadata: { ...plane.metadata, labels } }, nodeIn('n1', 'a'), nodeIn('n2', 'b')];
    expect(reconcile(auto(), ...nodes, ...podsOn('n1', 'n2')).hints).toEqual(['a', 'b']);
  });
});
