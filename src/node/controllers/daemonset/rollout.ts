// The rolling update of a DaemonSet: replaces old pods within maxUnavailable, or beside them within maxSurge.
import type { DaemonSet } from '../../../api/apps.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { IntOrString } from '../../../api/meta.ts';
import type { Write } from '../writes.ts';
import { createPod, deletePod, fitOf } from './nodes.ts';
import { type Daemons, isAvailable, isUpdated } from './pods.ts';

/** A percentage counts the nodes on which the set should run, rounded up. */
const scaled = (value: IntOrString, total: number): number =>
  typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) * total) / 100);

const limitsOf = ({ spec }: DaemonSet, total: number): { maxSurge: number; maxUnavailable: number } => {
  const { maxSurge = 0, maxUnavailable = 1 } = spec.updateStrategy?.rollingUpdate ?? {};
  const [surge, unavailable] = [scaled(maxSurge, total), scaled(maxUnavailable, total)];
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
};

/** The pods of one node that are not being deleted. Undefined with two pods of a kind: then `pods.ts` deletes one. */
interface Pair {
  readonly node: string;
  readonly updated: Pod | undefined;
  readonly old: Pod | undefined;
}

const pairOf = (node: string, pods: readonly Pod[], hash: string): Pair | undefined => {
  const present = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const updated = present.filter((pod) => isUpdated(pod, hash));
  const old = present.filter((pod) => !isUpdated(pod, hash));
  return updated.length > 1 || old.length > 1 ? undefined : { node, updated: updated[0], old: old[0] };
};

export const rollOut = (daemons: Daemons): readonly Write[] => {
  const { set, hash, nodes, byNode } = daemons;
  if (set.spec.updateStrategy?.type === 'OnDelete') return [];
  const total = nodes.filter((node) => fitOf(set, node).shouldRun).length;
  const { maxSurge, maxUnavailable } = limitsOf(set, total);
  const pairs = [...byNode].map(([node, pods]) => pairOf(node, pods, hash));
  return maxSurge > 0 ? surge(daemons, pairs, maxSurge) : replace(daemons, pairs, maxUnavailable);
};

/** Deletes old pods. `pods.ts` creates the new ones when the old ones are gone. */
const replace = (daemons: Daemons, pairs: readonly (Pair | undefined)[], maxUnavailable: number): readonly Write[] => {
  let unavailable = 0;
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  for (const pair of pairs) {
    if (!pair || (pair.updated === undefined) === (pair.old === undefined)) unavailable += 1;
    else if (pair.updated) unavailable += isAvailable(pair.updated, daemons) ? 0 : 1;
    else if (pair.old) (isAvailable(pair.old, daemons) ? candidates : broken).push(pair.old);
  }
  // An old pod that serves nobody can go in any case.
  const room = Math.max(0, maxUnavailable - unavailable);
  return [...broken, ...candidates.slice(0, room)].map((pod) => deletePod(daemons.set, pod));
};

/** Creates new pods beside the old ones, and deletes an old pod when the new one is available. */
const surge = (daemons: Daemons, pairs: readonly (Pair | undefined)[], maxSurge: number): readonly Write[] => {
  const { set, hash } = daemons;
  let surging = 0;
  const broken: string[] = [];
  const candidates: string[] = [];
  const replaced: Pod[] = [];
  for (const pair of pairs) {
    if (!pair) surging += 1;
    else if (pair.old && !pair.updated) (isAvailable(pair.old, daemons) ? candidates : broken).push(pair.node);
    else if (pair.old && pair.updated && !isAvailable(pair.updated, daemons)) surging += 1;
    else if (pair.old) replaced.push(pair.old);
  }
  const room = Math.max(0, maxSurge - surging);
  return [
    ...[...broken, ...candidates.slice(0, room)].map((node) => createPod(set, node, hash)),
    ...replaced.map((pod) => deletePod(set, pod)),
  ];
};
