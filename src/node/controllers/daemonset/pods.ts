// Keeps one pod of a DaemonSet on each node that fits (podsShouldBeOnNode in pkg/controller/daemon).
import type { DaemonSet } from '../../../api/apps.ts';
import type { Node } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { availableInMs, createdAt, isReady } from '../pods.ts';
import type { Write } from '../writes.ts';
import { createPod, deletePod, fitOf, hashLabel } from './nodes.ts';

/** What the controller sees of one DaemonSet. */
export interface Daemons {
  readonly set: DaemonSet;
  readonly hash: string;
  readonly nodes: readonly Node[];
  /** Node → the pods of the set, the oldest first. */
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  readonly now: number;
}

export const isUpdated = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[hashLabel] === hash;

export const isAvailable = (pod: Pod, { set, now }: Pick<Daemons, 'set' | 'now'>): boolean =>
  availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;

/**
 * A pod that fails at once is replaced this long after its creation. The original backs off longer with each failure.
 */
const failedPodMs = 5000;

export interface Managed {
  readonly writes: readonly Write[];
  /** When to look again at a failed pod. */
  readonly againInMs: number | undefined;
}

export const managePods = (daemons: Daemons): Managed => {
  const { set, hash, nodes, byNode, now } = daemons;
  const create: Write[] = [];
  const remove: Write[] = [];
  const waits: number[] = [];
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const node of nodes) {
    const { name } = node.metadata;
    const pods = byNode.get(name) ?? [];
    const { shouldRun, mayStay } = fitOf(set, node);
    const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (shouldRun && pods.length === 0) create.push(createPod(set, name, hash));
    else if (!mayStay) remove.push(...present.map((pod) => deletePod(set, pod)));
    else {
      const ended = present.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
      for (const pod of ended) {
        const wait = createdAt(pod) + failedPodMs - now;
        if (wait > 0) waits.push(wait);
        else remove.push(endedEvent(set, pod, name), deletePod(set, pod));
      }
      const running = present.filter((pod) => !ended.includes(pod));
      remove.push(...surplusOf(daemons, running).map((pod) => deletePod(set, pod)));
    }
  }
  // The node of a pod that was never bound is gone.
  for (const [name, pods] of byNode) {
    if (known.has(name)) continue;
    const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    remove.push(...present.map((pod) => deletePod(set, pod)));
  }
  return { writes: [...create, ...remove], againInMs: waits.length === 0 ? undefined : Math.min(...waits) };
};

const endedEvent = (set: DaemonSet, pod: Pod, node: string): Write => {
  const failed = pod.status?.phase === 'Failed';
  const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
  const [state, remedy] = failed ? ['failed', 'kill'] : ['succeeded', 'delete'];
  const message = `Found ${state} daemon pod ${name} on node ${node}, will try to ${remedy} it`;
  const reason = failed ? 'FailedDaemonPod' : 'SucceededDaemonPod';
  return { verb: 'event', about: set, type: failed ? 'Warning' : 'Normal', reason, message };
};

/**
 * The pods that a node has too many of. With a surge, an old pod stays beside the new one until the new one is
 * available.
 */
const surplusOf = (daemons: Daemons, running: readonly Pod[]): readonly Pod[] => {
  const { set, hash } = daemons;
  const isSurging = !/^0+%?$/.test(String(set.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0));
  if (running.length <= 1 || !isSurging) return running.slice(1);
  const updated = running.filter((pod) => isUpdated(pod, hash));
  const old = running.filter((pod) => !isUpdated(pod, hash));
  const [newest, oldest] = [updated[0], old[0]];
  const replaced = newest && oldest && (!isReady(oldest) || isAvailable(newest, daemons)) ? [oldest] : [];
  return [...updated.slice(1), ...old.slice(1), ...replaced];
};
