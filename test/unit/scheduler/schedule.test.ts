import { describe, expect, test } from 'vitest';
import type { Node } from '../../../src/api/core.ts';
import type { Container, Pod } from '../../../src/api/core-pods.ts';
import { requestsOf } from '../../../src/api/requests.ts';
import { schedule } from '../../../src/node/scheduler/schedule.ts';
import { buildSnapshot } from '../../../src/node/scheduler/snapshot.ts';
import { aNode, aPod, aService, type PodOptions } from '../../support/objects.ts';

const controlPlaneTaint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' as const };
const cluster = (): Node[] => [
  aNode('controlplane', { spec: { taints: [controlPlaneTaint] } }),
  aNode('node01', { labels: { disk: 'ssd' } }),
  aNode('node02'),
];

const waiting = (options: PodOptions = {}): Pod => aPod('new', { ...options, phase: 'Pending' });

const decide = (
  pod: Pod,
  others: readonly Pod[] = [],
  nodes = cluster(),
  services = [] as ReturnType<typeof aService>[],
) => {
  const decision = schedule(pod, buildSnapshot(nodes, others), services);
  return 'info' in decision ? decision.info.node.metadata.name : decision.unschedulable;
};

const requesting = (cpu: string): PodOptions => ({
  spec: { containers: [{ name: 'main', image: 'web', resources: { requests: { cpu } } }] },
});

describe('the scheduler', () => {
  test('takes the first worker by name if all workers are equal', () => {
    expect(decide(waiting())).toBe('node01');
  });

  test('spreads the pods of one owner, and the pods of one service', () => {
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true }];
    const sibling = aPod('sibling', { node: 'node01', labels: {}, metadata: { ownerReferences } });
    expect(decide(waiting({ labels: {}, metadata: { ownerReferences } }), [sibling])).toBe('node02');
    const behind = aPod('behind', { node: 'node01' });
    const heavy = aPod('heavy', { node: 'node02', labels: { app: 'other' }, ...requesting('1') });
    expect(decide(waiting(), [behind, heavy])).toBe('node01');
    expect(decide(waiting(), [behind, heavy], cluster(), [aService('web')])).toBe('node02');
  });

  test('takes the node with the smaller load', () => {
    expect(decide(waiting({ labels: {} }), [aPod('heavy', { node: 'node01', labels: {}, ...requesting('1') })])).toBe(
      'node02',
    );
  });

  test('takes the control plane if the pod tolerates its taint and selects it', () => {
    const spec = {
      nodeSelector: { 'kubernetes.io/hostname': 'controlplane' },
      tolerations: [{ operator: 'Exists' as const }],
    };
    expect(decide(waiting({ spec }))).toBe('controlplane');
  });

  test.each<{ name: string; options: PodOptions; message: string }>([
    {
      name: 'too much cpu',
      options: requesting('3'),
      message:
        '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    },
    {
      name: 'a node selector that nothing matches',
      options: { spec: { nodeSelector: { disk: 'tape' } } },
      message:
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    },
    {
      name: 'a claim that does not exist',
      options: { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'not-there' } }] } },
      message:
        '0/3 nodes are available: persistentvolumeclaim "not-there" not found. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
    },
  ])('explains $name with the message of kube-scheduler', ({ options, message }) => {
    expect(decide(waiting(options))).toBe(message);
  });

  test('reports that there are no nodes', () => {
    expect(decide(waiting(), [], [])).toBe('no nodes available to schedule pods');
  });

  test('avoids cordoned nodes, and reports them as unschedulable', () => {
    const nodes = [aNode('node01', { spec: { unschedulable: true } }), aNode('node02')];
    expect(decide(waiting(), [], nodes)).toBe('node02');
    expect(decide(waiting(), [], nodes.slice(0, 1))).toMatch(
      /^0\/1 nodes are available: 1 node\(s\) were unschedulable\./,
    );
  });

  test('counts the CPU requests and the number of pods on each node', () => {
    const full = ['node01', 'node02'].map((node) => aPod(`on-${node}`, { node, ...requesting('1500m') }));
    expect(decide(waiting(requesting('600m')), full)).toContain('2 Insufficient cpu');
    expect(decide(waiting(requesting('500m')), full)).toBe('node01');
    const small = [aNode('node01', { status: { allocatable: { cpu: '2', memory: '1Gi', pods: '1' } } })];
    expect(decide(waiting(), [aPod('one', { node: 'node01' })], small)).toContain('1 Too many pods');
  });

  test('never puts two pods with the same host port on one node', () => {
    const spec = { containers: [{ name: 'main', image: 'web', ports: [{ containerPort: 80, hostPort: 8080 }] }] };
    const taken = aPod('first', { node: 'node01', spec });
    expect(decide(waiting({ spec }), [taken])).toBe('node02');
    expect(decide(waiting({ spec }), [taken, aPod('second', { node: 'node02', spec })])).toContain(
      "2 node(s) didn't have free ports for the requested pod ports",
    );
  });

  test('follows required and preferred node affinity', () => {
    const term = { matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' as const }] };
    const required = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    };
    expect(decide(waiting({ spec: { affinity: required } }))).toBe('node02');
    const preferred = {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }] },
    };
    expect(decide(waiting({ spec: { affinity: preferred } }))).toBe('node02');
  });

  test('follows required pod affinity and anti-affinity', () => {
    const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
    const apart = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const together = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    const first = aPod('first', { node: 'node02' });
    expect(decide(waiting({ spec: { affinity: together } }), [first])).toBe('node02');
    expect(decide(waiting({ spec: { affinity: together } }))).toBe('node01');
    expect(decide(waiting({ spec: { affinity: apart } }), [first])).toBe('node01');
    expect(decide(waiting({ spec: { affinity: apart } }), [first, aPod('second', { node: 'node01' })])).toContain(
      "2 node(s) didn't match pod anti-affinity rules",
    );
  });

  test('follows a topology spread constraint with DoNotSchedule', () => {
    const constraint = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule' as const,
      labelSelector: { matchLabels: { app: 'web' } },
    };
    const pod = waiting({ spec: { topologySpreadConstraints: [constraint], nodeSelector: { disk: 'ssd' } } });
    expect(decide(pod, [aPod('first', { node: 'node01' })])).toBe('node01');
    const anywhere = waiting({ spec: { topologySpreadConstraints: [constraint] } });
    expect(decide(anywhere, [aPod('first', { node: 'node01' })])).toBe('node02');
  });
});

test('a pod asks for its containers and sidecars together, or for the most that its start needs', () => {
  const needs = (name: string, cpu: string, restartPolicy?: 'Always') => ({
    ...{ name, image: 'x', resources: { requests: { cpu } } },
    ...(restartPolicy ? { restartPolicy } : {}),
  });
  const containers = [needs('a', '100m'), needs('b', '200m')];
  const total = (...initContainers: Container[]): number | undefined =>
    requestsOf({ metadata: { name: 'p' }, spec: { containers, initContainers } }).get('cpu');
  expect(total(needs('s', '50m', 'Always'))).toBe(350);
  expect(total(needs('i', '250m'))).toBe(300);
  expect(total(needs('s', '50m', 'Always'), needs('i', '400m'))).toBe(450);
  expect(total(needs('i', '400m'), needs('s', '50m', 'Always'))).toBe(400);
});

describe('topology spread and pod affinity', () => {
  const spread = (parts: object) => ({
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule' as const,
    labelSelector: { matchLabels: { app: 'web' } },
    ...parts,
  });
  const unspreadable = "node(s) didn't match pod topology spread constraints";

  test('counts the nodes that the policies of a topology spread constraint name', () => {
    const onBoth = [aPod('first', { node: 'node01' }), aPod('second', { node: 'node02' })];
    // The control plane has no pod of the group, and counts unless the policies leave it out.
    expect(decide(waiting({ spec: { topologySpreadConstraints: [spread({})] } }), onBoth)).toContain(unspreadable);
    const honored = [spread({ nodeTaintsPolicy: 'Honor' })];
    expect(decide(waiting({ spec: { topologySpreadConstraints: honored } }), onBoth)).toBe('node01');
    const nodeSelector = { disk: 'ssd' };
    const selecting = (parts: object) =>
      waiting({ spec: { nodeSelector, topologySpreadConstraints: [spread({ nodeTaintsPolicy: 'Honor', ...parts })] } });
    const onOne = onBoth.slice(0, 1);
    expect(decide(selecting({}), onOne)).toBe('node01');
    expect(decide(selecting({ nodeAffinityPolicy: 'Ignore' }), onOne)).toContain(unspreadable);
  });

  test('waits for the least number of domains that a topology spread constraint wants', () => {
    const constraint = (minDomains: number) => [spread({ nodeTaintsPolicy: 'Honor', minDomains })];
    const onBoth = [aPod('first', { node: 'node01' }), aPod('second', { node: 'node02' })];
    expect(decide(waiting({ spec: { topologySpreadConstraints: constraint(2) } }), onBoth)).toBe('node01');
    expect(decide(waiting({ spec: { topologySpreadConstraints: constraint(3) } }), onBoth)).toContain(unspreadable);
  });

  test('spreads only the pods of one revision with matchLabelKeys', () => {
    const labels = (revision: string) => ({ app: 'web', revision });
    const old = aPod('old', { node: 'node01', labels: labels('1') });
    const pod = (matchLabelKeys: string[]): Pod =>
      waiting({
        labels: labels('2'),
        spec: { topologySpreadConstraints: [spread({ nodeTaintsPolicy: 'Honor', matchLabelKeys })] },
      });
    expect(decide(pod([]), [old])).toBe('node02');
    expect(decide(pod(['revision']), [old, aPod('heavy', { node: 'node02', labels: {}, ...requesting('1') })])).toBe(
      'node01',
    );
  });

  test('prefers the emptier domain with ScheduleAnyway', () => {
    const soft = [spread({ whenUnsatisfiable: 'ScheduleAnyway' })];
    const group = [aPod('first', { node: 'node01' })];
    const heavy = aPod('heavy', { node: 'node02', labels: {}, ...requesting('1') });
    expect(decide(waiting(), [...group, heavy])).toBe('node01');
    expect(decide(waiting({ spec: { topologySpreadConstraints: soft } }), [...group, heavy])).toBe('node02');
  });

  test('follows pod anti-affinity to pods in namespaces with a label', () => {
    const other = aPod('other', { node: 'node01', metadata: { namespace: 'shop' } });
    const namespaces = [{ metadata: { name: 'shop', labels: { team: 'a' } } }];
    const term = (parts: object) => ({
      labelSelector: { matchLabels: { app: 'web' } },
      topologyKey: 'kubernetes.io/hostname',
      ...parts,
    });
    const place = (parts: object): string => {
      const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(parts)] } };
      const snapshot = buildSnapshot(cluster(), [other], { namespaces });
      const decision = schedule(waiting({ spec: { affinity } }), snapshot);
      return 'info' in decision ? decision.info.node.metadata.name : decision.unschedulable;
    };
    expect(place({})).toBe('node02');
    const heavy = { namespaceSelector: { matchLabels: { team: 'b' } } };
    expect(place(heavy)).toBe(place({ namespaces: ['elsewhere'] }));
    expect(place({ namespaceSelector: { matchLabels: { team: 'a' } } })).toBe('node02');
    expect(place({ namespaceSelector: {} })).toBe('node02');
  });
});
