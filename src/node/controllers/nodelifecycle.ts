// Handles a silent kubelet: sets its node to Unknown, taints the node, and sets its pods to not Ready
// (pkg/controller/nodelifecycle).

import type { Node, Taint } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { leases, nodes, pods } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import { type Controller, nothing, type Outcome, parseKey, type World, watch } from './controller.ts';
import { equal } from './equal.ts';
import { isReady, isTerminal, podCondition } from './pods.ts';
import { keyFor, type Write } from './writes.ts';

export interface NodeLifecycleOptions {
  /** `--node-monitor-grace-period` */
  readonly graceMs: number;
  /**
   * The start of this controller, in milliseconds since 1970. Earlier silence does not count: after `labs stop` and
   * `labs start` every lease is old, but no node is dead.
   */
  readonly startedAt: number;
}

const leaseNamespace = 'kube-node-lease';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';

/** The controller remembers the nodes for which it has recorded a RegisteredNode Event. */
export const createNodeLifecycle = (options: NodeLifecycleOptions): Controller => {
  const registered = new Set<string>();
  return {
    name: 'node-controller',
    watches: [
      watch(nodes, ({ metadata: { name } }) => [name]),
      watch(leases, ({ metadata: { name, namespace } }) => (namespace === leaseNamespace ? [name] : [])),
      // A kubelet may have reported a pod Ready just before it died.
      watch(pods, ({ spec: { nodeName } }, world) =>
        nodeName && readiness(world.get(nodes, { name: nodeName })) === 'Unknown' ? [nodeName] : [],
      ),
    ],
    reconcile(key, world) {
      const node = world.get(nodes, { name: parseKey(key).name });
      if (node === undefined || node.metadata.deletionTimestamp) return nothing;
      const { writes, againInMs } = reconcileNode(node, world, options);
      return { writes: [...registeredEvent(node, registered), ...writes], againInMs };
    },
  };
};

/** Returns the Event once per node and start of the controller, as in the original. */
const registeredEvent = (node: Node, registered: Set<string>): Write[] => {
  const { uid = '', name } = node.metadata;
  if (registered.has(uid)) return [];
  registered.add(uid);
  const message = `Node ${name} event: Registered Node ${name} in Controller`;
  return [{ verb: 'event', about: node, type: 'Normal', reason: 'RegisteredNode', message }];
};

const reconcileNode = (node: Node, world: World, { graceMs, startedAt }: NodeLifecycleOptions): Outcome => {
  const silentAt = Math.max(lastHeartbeat(node, world), startedAt) + graceMs;
  const againInMs = silentAt > world.now ? silentAt - world.now + 1 : undefined;
  if (againInMs === undefined && readiness(node) !== 'Unknown') return { writes: declareUnknown(node, world.now) };
  // The taints follow the conditions on the server. A status that was just written returns through the watch.
  const unready = readiness(node) === 'Unknown' ? setPodsNotReady(node, world) : [];
  return { writes: [...updateTaints(node, world.now), ...unready], againInMs };
};

const readiness = (node: Node | undefined): 'True' | 'False' | 'Unknown' | undefined =>
  node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;

const lastHeartbeat = (node: Node, world: World): number => {
  const lease = world.get(leases, { name: node.metadata.name, namespace: leaseNamespace });
  const reported = node.status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  const times = [lease?.spec?.renewTime, reported, node.metadata.creationTimestamp];
  return Math.max(...times.map((time) => Date.parse(time ?? '') || 0));
};

const declareUnknown = (node: Node, now: number): Write[] => {
  const before = node.status?.conditions ?? [];
  const types = new Set(['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready']);
  const changed = [...types].map((type) => {
    const old = before.find((condition) => condition.type === type);
    const [reason, message] = old
      ? ['NodeStatusUnknown', 'Kubelet stopped posting node status.']
      : ['NodeStatusNeverUpdated', 'Kubelet never posted node status.'];
    return { ...old, type, status: 'Unknown' as const, reason, message, lastTransitionTime: timestamp(now) };
  });
  const conditions = [...before.filter(({ type }) => !types.has(type)), ...changed];
  const { name } = node.metadata;
  return [
    { verb: 'updateStatus', resource: nodes, object: { ...node, status: { ...node.status, conditions } } as Node },
    {
      verb: 'event',
      about: node,
      type: 'Normal',
      reason: 'NodeNotReady',
      message: `Node ${name} status is now: NodeNotReady`,
    },
  ];
};

type Effect = Taint['effect'];

/** The taints for the node's state. Taints of other owners stay. */
const updateTaints = (node: Node, now: number): Write[] => {
  const before = node.spec?.taints ?? [];
  const wanted = wantedTaints(node);
  const isManaged = ({ key, effect }: Taint): boolean =>
    managedTaints.some((taint) => taint[0] === key && taint[1] === effect);
  const has = (taints: readonly Taint[], key: string, effect: Effect): boolean =>
    taints.some((taint) => taint.key === key && taint.effect === effect);
  const stay = before.filter(
    (taint) => !isManaged(taint) || wanted.some(([key, effect]) => key === taint.key && effect === taint.effect),
  );
  const added = wanted
    .filter(([key, effect]) => !has(before, key, effect))
    .map(([key, effect]): Taint => ({ key, effect, timeAdded: timestamp(now) }));
  const taints = [...stay, ...added];
  if (equal(taints, before)) return [];
  const { name, resourceVersion } = node.metadata;
  const patch = { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
  return [{ verb: 'patch', resource: nodes, key: { name }, patch }];
};

const pressures: readonly (readonly [condition: string, taint: string])[] = [
  ['MemoryPressure', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'node.kubernetes.io/pid-pressure'],
  ['NetworkUnavailable', 'node.kubernetes.io/network-unavailable'],
];

const managedTaints: readonly (readonly [key: string, effect: Effect])[] = [
  [notReadyTaint, 'NoSchedule'],
  [notReadyTaint, 'NoExecute'],
  [unreachableTaint, 'NoSchedule'],
  [unreachableTaint, 'NoExecute'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
  ...pressures.map(([, taint]) => [taint, 'NoSchedule'] as const),
];

const wantedTaints = (node: Node): (readonly [key: string, effect: Effect])[] => {
  const ready = readiness(node);
  const key = ready === 'True' ? undefined : ready === 'False' ? notReadyTaint : unreachableTaint;
  // A node that has just registered has no status yet. It is not ready, but it is not unreachable.
  const state = ready === undefined ? notReadyTaint : key;
  const conditions = node.status?.conditions ?? [];
  const pressed = pressures.filter(([type]) => conditions.some((c) => c.type === type && c.status === 'True'));
  return [
    ...(state === undefined
      ? []
      : ([
          [state, 'NoSchedule'],
          [state, 'NoExecute'],
        ] as const)),
    ...(node.spec?.unschedulable ? ([['node.kubernetes.io/unschedulable', 'NoSchedule']] as const) : []),
    ...pressed.map(([, taint]) => [taint, 'NoSchedule'] as const),
  ];
};

/** Sets the pods of a silent node to not Ready, so that they leave the endpoints. */
const setPodsNotReady = (node: Node, world: World): Write[] =>
  world
    .all(pods)
    .filter((pod) => pod.spec.nodeName === node.metadata.name && !isTerminal(pod) && isReady(pod))
    .flatMap((pod) => notReady(pod, world.now));

const notReady = (pod: Pod, now: number): Write[] => {
  const ready = { ...podCondition(pod, 'Ready'), type: 'Ready', status: 'False', lastTransitionTime: timestamp(now) };
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? ready : condition,
  );
  const { resourceVersion } = pod.metadata;
  const patch = { metadata: { resourceVersion }, status: { conditions } };
  return [
    { verb: 'patch', resource: pods, key: keyFor(pod), patch, options: { subresource: 'status' } },
    { verb: 'event', about: pod, type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' },
  ];
};
