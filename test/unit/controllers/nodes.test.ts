import { describe, expect, test } from 'vitest';
import type { Lease } from '../../../src/api/coordination.ts';
import type { Node, Taint } from '../../../src/api/core.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { parseCidr } from '../../../src/api/scalars.ts';
import type { Outcome } from '../../../src/node/controllers/controller.ts';
import { createNodeIpam } from '../../../src/node/controllers/nodeipam.ts';
import { createNodeLifecycle } from '../../../src/node/controllers/nodelifecycle.ts';
import { createPodGc } from '../../../src/node/controllers/podgc.ts';
import { taintEvictionController } from '../../../src/node/controllers/tainteviction.ts';
import type { Write } from '../../../src/node/controllers/writes.ts';
import { aNode, aPod } from '../../support/objects.ts';
import { aWorld } from '../../support/world.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

describe('the pod subnets of nodes', () => {
  const options = { clusterCidr: parseCidr('10.244.0.0/16'), maskSize: 24 };
  const subnets = (nodes: readonly Node[], settings = options): Record<string, string> =>
    Object.fromEntries(
      createNodeIpam(settings)
        .reconcile('nodes', aWorld(nodes))
        .writes.flatMap((write) =>
          write.verb === 'patch' ? [[write.key.name, (write.patch as Node).spec?.podCIDR ?? '']] : [],
        ),
    );

  test('follow from the names of the nodes, in any order of registration', () => {
    expect(subnets(['node02', 'node01', 'controlplane'].map((name) => aNode(name)))).toEqual({
      controlplane: '10.244.0.0/24',
      node01: '10.244.1.0/24',
      node02: '10.244.2.0/24',
    });
    expect(subnets([aNode('node02')])).toEqual({ node02: '10.244.2.0/24' });
  });

  test('follow a label that marks a control plane, or a label that chooses a subnet', () => {
    const nodes = [
      aNode('boss', { labels: { 'node-role.kubernetes.io/control-plane': '' } }),
      aNode('alpha', { labels: { 'labs/pod-subnet': '7' } }),
    ];
    expect(subnets(nodes)).toEqual({ boss: '10.244.0.0/24', alpha: '10.244.7.0/24' });
  });

  test('are the first free ones if the name of a node has no number', () => {
    const taken = aNode('old', { spec: { podCIDR: '10.244.1.0/24' } });
    expect(subnets([taken, aNode('alpha'), aNode('node01'), aNode('node02')])).toEqual({
      alpha: '10.244.3.0/24',
      node01: '10.244.4.0/24',
      node02: '10.244.2.0/24',
    });
  });

  test('cause an Event if no subnet is left', () => {
    const tiny = { clusterCidr: parseCidr('10.244.0.0/24'), maskSize: 24 };
    expect(subnets([aNode('alpha')], tiny)).toEqual({ alpha: '10.244.0.0/24' });
    const full = [aNode('old', { spec: { podCIDR: '10.244.0.0/24' } }), aNode('beta')];
    const { writes } = createNodeIpam(tiny).reconcile('nodes', aWorld(full));
    expect(writes).toMatchObject([{ verb: 'event', reason: 'CIDRNotAvailable' }]);
  });

  test.each([
    { service: '10.244.0.0/20', cluster: '10.244.0.0/16' },
    { service: '10.96.0.0/12', cluster: '10.100.0.0/16' },
  ])('may not be $cluster if the service range is $service', ({ service, cluster }) => {
    const settings = { clusterCidr: parseCidr(cluster), maskSize: 24, serviceCidr: parseCidr(service) };
    expect(() => createNodeIpam(settings)).toThrow(/must not overlap with any IP ranges assigned to nodes or pods/);
  });

  test('may not be larger than the whole pod network', () => {
    expect(() => createNodeIpam({ clusterCidr: parseCidr('10.244.0.0/25'), maskSize: 24 })).toThrow(
      /Invalid --cluster-cidr/,
    );
  });
});

describe('the node lifecycle controller', () => {
  const lifecycle = createNodeLifecycle({ graceMs: 40_000, startedAt: now - 3_600_000 });
  const leaseRenewed = (secondsAgo: number): Lease => ({
    kind: 'Lease',
    metadata: { name: 'node01', namespace: 'kube-node-lease' },
    spec: { renewTime: new Date(now - secondsAgo * 1000).toISOString() },
  });
  const node = (status: 'True' | 'False' | 'Unknown', taints: Taint[] = []): Node =>
    aNode('node01', { spec: { taints }, status: { conditions: [{ type: 'Ready', status }] } });
  const withoutRegisteredNode = ({ writes, ...rest }: Outcome): Outcome => ({
    ...rest,
    writes: writes.filter((write) => write.verb !== 'event' || write.reason !== 'RegisteredNode'),
  });
  const reconcile = (...objects: readonly KubeObject[]) =>
    withoutRegisteredNode(lifecycle.reconcile('node01', aWorld(objects, now)));
  const taintsIn = (writes: readonly Write[]): unknown =>
    writes.flatMap((write) =>
      write.verb === 'patch' && write.resource.kind === 'Node' ? (write.patch as Node).spec?.taints : [],
    );

  test('writes nothing if a kubelet is silent for less than the grace period', () => {
    expect(reconcile(node('True'), leaseRenewed(30))).toEqual({ writes: [], againInMs: 10_001 });
  });

  test('sets the Ready condition to Unknown after the grace period, because the kubelet is silent', () => {
    const [write, event] = reconcile(node('True'), leaseRenewed(41)).writes;
    expect(write).toMatchObject({
      verb: 'updateStatus',
      object: {
        status: {
          conditions: expect.arrayContaining([
            expect.objectContaining({
              type: 'Ready',
              status: 'Unknown',
              reason: 'NodeStatusUnknown',
              message: 'Kubelet stopped posting node status.',
            }),
          ]),
        },
      },
    });
    expect(event).toMatchObject({
      verb: 'event',
      reason: 'NodeNotReady',
      message: 'Node node01 status is now: NodeNotReady',
    });
  });

  test('taints a node that is Unknown, and sets its pods to not Ready', () => {
    const { writes } = reconcile(
      node('Unknown'),
      leaseRenewed(60),
      aPod('web', { node: 'node01' }),
      aPod('far', { node: 'node02' }),
    );
    expect(taintsIn(writes)).toEqual([
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule', timeAdded: '2026-01-01T01:00:00Z' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: '2026-01-01T01:00:00Z' },
    ]);
    const patches = writes.flatMap((write) => (write.verb === 'patch' && write.resource.kind === 'Pod' ? [write] : []));
    expect(patches).toMatchObject([
      { key: { name: 'web' }, patch: { status: { conditions: [{ type: 'Ready', status: 'False' }] } } },
    ]);
  });

  test('removes only its own taints when the kubelet reports again', () => {
    const other: Taint = { key: 'other', effect: 'NoSchedule' };
    const managed: Taint[] = [
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
    ];
    expect(taintsIn(reconcile(node('True', [...managed, other]), leaseRenewed(1)).writes)).toEqual([other]);
  });

  test('does not count the time before the controller started', () => {
    const fresh = createNodeLifecycle({ graceMs: 40_000, startedAt: now - 1000 });
    const outcome = fresh.reconcile('node01', aWorld([node('True'), leaseRenewed(9999)], now));
    expect(withoutRegisteredNode(outcome)).toEqual({
      writes: [],
      againInMs: 39_001,
    });
  });

  test('records one Event for a new node', () => {
    const fresh = createNodeLifecycle({ graceMs: 40_000, startedAt: now });
    const world = aWorld([node('True'), leaseRenewed(1)], now);
    expect(fresh.reconcile('node01', world).writes).toMatchObject([{ verb: 'event', reason: 'RegisteredNode' }]);
    expect(fresh.reconcile('node01', world).writes).toEqual([]);
  });

  test('adds the taint unschedulable to a cordoned node', () => {
    const cordoned = { ...node('True'), spec: { unschedulable: true } };
    expect(taintsIn(reconcile(cordoned, leaseRenewed(1)).writes)).toMatchObject([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ]);
  });
});

describe('the eviction of a pod by a taint', () => {
  const unreachable = (secondsAgo: number): Taint => ({
    key: 'node.kubernetes.io/unreachable',
    effect: 'NoExecute',
    timeAdded: new Date(now - secondsAgo * 1000).toISOString(),
  });
  const reconcile = (taint: Taint, tolerations?: NonNullable<Parameters<typeof aPod>[1]>['spec']) =>
    taintEvictionController.reconcile(
      'default/web',
      aWorld(
        [
          aNode('node01', { spec: { taints: [taint] } }),
          aPod('web', { node: 'node01', ...(tolerations ? { spec: tolerations } : {}) }),
        ],
        now,
      ),
    );

  test('waits five minutes by default if the node is unreachable', () => {
    expect(reconcile(unreachable(100))).toEqual({ writes: [], againInMs: 200_000 });
    expect(reconcile(unreachable(301)).writes).toMatchObject([
      {
        verb: 'patch',
        patch: {
          status: { conditions: [{ type: 'Ready' }, { type: 'DisruptionTarget', reason: 'DeletionByTaintManager' }] },
        },
      },
      { verb: 'event', reason: 'TaintManagerEviction' },
      { verb: 'delete' },
    ]);
  });

  test('waits for tolerationSeconds, or for ever without tolerationSeconds', () => {
    const tolerations = [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists' as const, tolerationSeconds: 5 }];
    expect(reconcile(unreachable(6), { tolerations }).writes).toHaveLength(3);
    expect(reconcile(unreachable(9999), { tolerations: [{ operator: 'Exists' }] })).toEqual({ writes: [] });
  });

  test('is immediate if the pod does not tolerate a NoExecute taint', () => {
    expect(reconcile({ key: 'gpu', effect: 'NoExecute' }).writes).toHaveLength(3);
    expect(reconcile({ key: 'gpu', effect: 'NoSchedule' }).writes).toHaveLength(0);
  });
});

describe('the garbage collector of pods', () => {
  test('deletes a pod whose node has been missing for 40 seconds', () => {
    const gc = createPodGc();
    const pod = aPod('web', { node: 'node09' });
    expect(gc.reconcile('default/web', aWorld([pod], now))).toEqual({ writes: [], againInMs: 40_000 });
    const [write] = gc.reconcile('default/web', aWorld([pod], now + 40_000)).writes;
    expect(write).toMatchObject({
      verb: 'delete',
      options: { gracePeriodSeconds: 0 },
      onlyIfGone: [{ key: { name: 'node09' } }],
    });
  });

  test('deletes a terminating pod at once if it was never bound to a node', () => {
    expect(createPodGc().reconcile('default/web', aWorld([aPod('web', { deleting: true })], now)).writes).toHaveLength(
      1,
    );
  });

  test('starts to count again if the node has come back in between', () => {
    const gc = createPodGc();
    const pod = aPod('web', { node: 'node09' });
    gc.reconcile('default/web', aWorld([pod], now));
    gc.reconcile('default/web', aWorld([pod, aNode('node09')], now + 10_000));
    expect(gc.reconcile('default/web', aWorld([pod], now + 45_000))).toEqual({ writes: [], againInMs: 40_000 });
  });
});
