// ReplicaSet → pods: creates and deletes pods until the number is right (pkg/controller/replicaset).

import type { ReplicaSet } from '../../api/apps.ts';
import type { Pod } from '../../api/core-pods.ts';
import type { Condition, ObjectMeta } from '../../api/meta.ts';
import { pods, replicaSets } from '../../api/resources.ts';
import { matchesLabels, matchesSelector } from '../../api/selectors.ts';
import { timestamp } from '../../api/time.ts';
import { keyOf } from '../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, soonest, type World, watch } from './controller.ts';
import { equal } from './equal.ts';
import { claim, controllerOf, ownerReference } from './owners.ts';
import { availableInMs, deletionOrder, isActive, isReady } from './pods.ts';
import { patchStatus, type Write } from './writes.ts';

/** The maximum number of creations or deletions in one sync, as in the original. */
const burst = 500;

export const replicaSetController: Controller = {
  name: 'replicaset-controller',
  watches: [watch(replicaSets, (set) => [keyOf(set)]), watch(pods, keysForPod)],
  reconcile(key, world) {
    const set = world.get(replicaSets, parseKey(key));
    return set === undefined ? nothing : reconcileSet(set, world);
  },
};

/** A pod adds the key of its owner. An orphan adds the key of every set that could adopt the pod. */
function keysForPod(pod: Pod, world: World): string[] {
  const owner = controllerOf(pod);
  if (owner) return owner.kind === 'ReplicaSet' ? [`${pod.metadata.namespace}/${owner.name}`] : [];
  return world
    .all(replicaSets, pod.metadata.namespace)
    .filter(({ spec }) => matchesSelector(spec.selector, pod.metadata.labels))
    .map(keyOf);
}

const reconcileSet = (set: ReplicaSet, world: World): Outcome => {
  const candidates = world.all(pods, set.metadata.namespace).filter(isActive);
  const { owned, writes: claims } = claim({
    ownerResource: replicaSets,
    owner: set,
    resource: pods,
    candidates,
    matches: (pod) => matchesSelector(set.spec.selector, pod.metadata.labels),
  });
  const isBeingDeleted = set.metadata.deletionTimestamp !== undefined;
  const scaling = isBeingDeleted ? [] : scale(set, owned, world);
  const status = statusOf(set, owned, world);
  return {
    writes: [...claims, ...scaling, ...(equal(status, set.status) ? [] : [patchStatus(replicaSets, set, status)])],
    againInMs: soonest(...owned.map((pod) => availableInMs(pod, minReady(set), world.now) || undefined)),
  };
};

const minReady = (set: ReplicaSet): number => set.spec.minReadySeconds ?? 0;

const scale = (set: ReplicaSet, owned: readonly Pod[], world: World): readonly Write[] => {
  const surplus = owned.length - (set.spec.replicas ?? 1);
  if (surplus < 0) return Array.from({ length: Math.min(-surplus, burst) }, () => createPod(set));
  const order = deletionOrder(siblingsOnNode(set, world));
  return [...owned]
    .sort(order)
    .slice(0, Math.min(surplus, burst))
    .map((pod) => deletePod(set, pod));
};

/** Counts the pods of all sets of a Deployment per node, so that a rollout deletes pods on crowded nodes first. */
const siblingsOnNode = (set: ReplicaSet, world: World): ((pod: Pod) => number) => {
  const family = controllerOf(set)?.uid;
  const sets = world
    .all(replicaSets, set.metadata.namespace)
    .filter((other) => other === set || (family !== undefined && controllerOf(other)?.uid === family));
  const uids = new Set(sets.map(({ metadata }) => metadata.uid));
  const perNode = new Map<string, number>();
  for (const pod of world.all(pods, set.metadata.namespace)) {
    const node = pod.spec.nodeName;
    if (node === undefined || !isActive(pod) || !uids.has(controllerOf(pod)?.uid)) continue;
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  return (pod) => perNode.get(pod.spec.nodeName ?? '') ?? 0;
};

const createPod = (set: ReplicaSet): Write => {
  const { metadata, spec = { containers: [] } } = set.spec.template ?? {};
  const { labels, annotations, finalizers } = metadata ?? {};
  const own = {
    generateName: `${set.metadata.name}-`,
    namespace: set.metadata.namespace,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(finalizers ? { finalizers } : {}),
    ownerReferences: [ownerReference(replicaSets, set)],
    // The API server generates the name.
  } as Partial<ObjectMeta> as ObjectMeta;
  const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: own, spec };
  return {
    verb: 'create',
    resource: pods,
    object,
    report: {
      about: set,
      done: { reason: 'SuccessfulCreate', message: 'Created pod: %s' },
      failed: { reason: 'FailedCreate', message: 'Error creating: %s' },
    },
  };
};

const deletePod = (set: ReplicaSet, { metadata: { name, namespace, uid } }: Pod): Write => ({
  verb: 'delete',
  resource: pods,
  key: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...(uid === undefined ? {} : { options: { uid } }),
  report: {
    about: set,
    done: { reason: 'SuccessfulDelete', message: 'Deleted pod: %s' },
    failed: { reason: 'FailedDelete', message: 'Error deleting: %s' },
  },
});

const statusOf = (set: ReplicaSet, owned: readonly Pod[], world: World): NonNullable<ReplicaSet['status']> => {
  const templateLabels = set.spec.template?.metadata?.labels ?? {};
  const count = (is: (pod: Pod) => boolean): number => owned.filter(is).length;
  const conditions = conditionsOf(set, owned, world);
  return {
    replicas: owned.length,
    ...positive(
      'fullyLabeledReplicas',
      count((pod) => matchesLabels(templateLabels, pod.metadata.labels)),
    ),
    ...positive('readyReplicas', count(isReady)),
    ...positive(
      'availableReplicas',
      count((pod) => availableInMs(pod, minReady(set), world.now) === 0),
    ),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
};

/** Omits zero, as Go's omitempty does. */
const positive = (name: string, value: number): Record<string, number> => (value > 0 ? { [name]: value } : {});

/** The conditions, with ReplicaFailure after an error. The Deployment's status and `kubectl describe` show it. */
const conditionsOf = (set: ReplicaSet, owned: readonly Pod[], { lastError, now }: World): Condition[] => {
  const others = (set.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  const before = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const difference = owned.length - (set.spec.replicas ?? 1);
  if (lastError === undefined || difference === 0) return others;
  const reason = difference < 0 ? 'FailedCreate' : 'FailedDelete';
  if (before?.reason === reason) return [...others, before];
  const failure: Condition = { type: 'ReplicaFailure', status: 'True', reason, message: lastError };
  return [...others, { ...failure, lastTransitionTime: timestamp(now) }];
};
