// DaemonSet → pods: one on each node that fits (pkg/controller/daemon).
import type { DaemonSet, DaemonSetStatus } from '../../../api/apps.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { controllerRevisions, daemonSets, nodes, pods } from '../../../api/resources.ts';
import { matchesSelector } from '../../../api/selectors.ts';
import { keyOf } from '../../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, soonest, type World, watch } from '../controller.ts';
import { equal } from '../equal.ts';
import { claim, controllerOf } from '../owners.ts';
import { availableInMs, createdAt, isReady } from '../pods.ts';
import { patchStatus } from '../writes.ts';
import { historyOf, pruneHistory } from './history.ts';
import { fitOf, nodeOf } from './nodes.ts';
import { type Daemons, isAvailable, isUpdated, managePods } from './pods.ts';
import { rollOut } from './rollout.ts';

export const daemonSetController: Controller = {
  name: 'daemonset-controller',
  watches: [
    watch(daemonSets, (set) => [keyOf(set)]),
    watch(controllerRevisions, (revision) => keysOfOwner(controllerOf(revision), revision.metadata.namespace)),
    watch(pods, (pod, world) => {
      const owner = controllerOf(pod);
      if (owner) return keysOfOwner(owner, pod.metadata.namespace);
      return world
        .all(daemonSets, pod.metadata.namespace)
        .filter(({ spec }) => matchesSelector(spec.selector, pod.metadata.labels))
        .map(keyOf);
    }),
    watch(nodes, (_, world) => world.all(daemonSets).map(keyOf)),
  ],
  reconcile(key, world) {
    const set = world.get(daemonSets, parseKey(key));
    // The garbage collector deletes the pods and revisions of a deleted set.
    if (!set || set.metadata.deletionTimestamp) return nothing;
    return reconcileSet(set, world);
  },
};

function keysOfOwner(owner: ReturnType<typeof controllerOf>, namespace = ''): string[] {
  return owner?.kind === 'DaemonSet' ? [`${namespace}/${owner.name}`] : [];
}

const reconcileSet = (set: DaemonSet, world: World): Outcome => {
  const { namespace } = set.metadata;
  const matches = ({ metadata }: { metadata: { labels?: Record<string, string> } }): boolean =>
    matchesSelector(set.spec.selector, metadata.labels);
  const owner = { ownerResource: daemonSets, owner: set };
  const all = world.all(controllerRevisions, namespace);
  const revisions = claim({ ...owner, resource: controllerRevisions, candidates: all, matches });
  const claimed = claim({ ...owner, resource: pods, candidates: world.all(pods, namespace), matches });
  const { hash, writes: history, collisions } = historyOf(set, revisions.owned, all);
  const sorted = [...world.all(nodes)].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const daemons: Daemons = { set, hash, nodes: sorted, byNode: groupByNode(claimed.owned), now: world.now };
  const managed = managePods(daemons);
  // The rollout continues when the caches show the new number of pods.
  const rollout = managed.writes.length > 0 ? [] : rollOut(daemons);
  const status = statusOf(daemons, collisions);
  return {
    writes: [
      ...revisions.writes,
      ...claimed.writes,
      ...history,
      ...managed.writes,
      ...rollout,
      ...(history.length > 0 ? [] : pruneHistory(set, revisions.owned, { hash, pods: claimed.owned })),
      ...(equal(status, set.status) ? [] : [patchStatus(daemonSets, set, status)]),
    ],
    againInMs: soonest(
      managed.againInMs,
      ...claimed.owned.map((pod) => availableInMs(pod, set.spec.minReadySeconds ?? 0, world.now) || undefined),
    ),
  };
};

/** The oldest pod of each node comes first, bound pods before others. */
const groupByNode = (owned: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> => {
  const isBound = ({ spec }: Pod): number => Number(spec.nodeName !== undefined);
  const oldestFirst = [...owned].sort(
    (a, b) => isBound(b) - isBound(a) || createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  const groups = new Map<string, Pod[]>();
  for (const pod of oldestFirst) {
    const node = nodeOf(pod);
    if (node !== undefined) groups.set(node, [...(groups.get(node) ?? []), pod]);
  }
  return groups;
};

const statusOf = (daemons: Daemons, collisions: number): DaemonSetStatus => {
  const { set, hash, nodes: all, byNode } = daemons;
  const wanted = all.filter((node) => fitOf(set, node).shouldRun).map(({ metadata }) => metadata.name);
  const firsts = wanted.flatMap((node) => byNode.get(node)?.[0] ?? []);
  const misplaced = all.filter(({ metadata: { name } }) => !wanted.includes(name) && byNode.has(name));
  const count = (is: (pod: Pod) => boolean): number => firsts.filter(is).length;
  const available = count((pod) => isReady(pod) && isAvailable(pod, daemons));
  return {
    currentNumberScheduled: firsts.length,
    numberMisscheduled: misplaced.length,
    desiredNumberScheduled: wanted.length,
    numberReady: count(isReady),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...positive(
      'updatedNumberScheduled',
      count((pod) => isUpdated(pod, hash)),
    ),
    ...positive('numberAvailable', available),
    ...positive('numberUnavailable', wanted.length - available),
    ...positive('collisionCount', collisions),
  };
};

/** Omits zero, as Go's omitempty does. */
const positive = (name: string, value: number): Record<string, number> => (value > 0 ? { [name]: value } : {});
