// The revisions of a DaemonSet's template: `kubectl rollout history` and `undo` read them, and pods bear their hash.
import type { ControllerRevision, DaemonSet } from '../../../api/apps.ts';
import type { Pod } from '../../../api/core-pods.ts';
import { controllerRevisions, daemonSets } from '../../../api/resources.ts';
import { templateHash } from '../deployment/template.ts';
import { equal } from '../equal.ts';
import { ownerReference } from '../owners.ts';
import { keyFor, type Write } from '../writes.ts';
import { hashLabel } from './nodes.ts';

const defaultLimit = 10;

export interface History {
  /** The hash of the present template, which new pods bear. */
  readonly hash: string;
  readonly writes: readonly Write[];
  readonly collisions: number;
}

/** A strategic merge patch that restores the template. */
const dataOf = ({ spec }: DaemonSet): object => ({ spec: { template: { ...spec.template, $patch: 'replace' } } });

const byNumber = (a: ControllerRevision, b: ControllerRevision): number => a.revision - b.revision;

/**
 * Finds or creates the revision of the present template. After a rollback, the old revision becomes the newest.
 * @param all revisions in the namespace, with those of others, because names are unique in the namespace
 */
export const historyOf = (
  set: DaemonSet,
  owned: readonly ControllerRevision[],
  all: readonly ControllerRevision[],
): History => {
  const data = dataOf(set);
  const latest = Math.max(0, ...owned.map(({ revision }) => revision));
  const same = owned
    .filter((revision) => equal(revision.data, data))
    .sort(byNumber)
    .at(-1);
  const before = set.status?.collisionCount ?? 0;
  if (same) {
    const hash = same.metadata.labels?.[hashLabel] ?? '';
    if (same.revision === latest) return { hash, writes: [], collisions: before };
    const patch = { revision: latest + 1, metadata: { resourceVersion: same.metadata.resourceVersion } };
    const write: Write = { verb: 'patch', resource: controllerRevisions, key: keyFor(same), patch };
    return { hash, writes: [write], collisions: before };
  }
  const nameOf = (count: number): string => `${set.metadata.name}-${templateHash(set.spec.template, count)}`;
  let collisions = before;
  while (all.some(({ metadata }) => metadata.name === nameOf(collisions))) collisions += 1;
  const hash = templateHash(set.spec.template, collisions);
  const object: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: nameOf(collisions),
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      labels: { ...set.spec.template.metadata?.labels, [hashLabel]: hash },
      ...(set.metadata.annotations ? { annotations: set.metadata.annotations } : {}),
      ownerReferences: [ownerReference(daemonSets, set)],
    },
    data,
    revision: latest + 1,
  };
  return { hash, writes: [{ verb: 'create', resource: controllerRevisions, object }], collisions };
};

/** Deletes the oldest revisions above the limit. The present revision and those of running pods stay. */
export const pruneHistory = (
  set: DaemonSet,
  owned: readonly ControllerRevision[],
  live: { readonly hash: string; readonly pods: readonly Pod[] },
): readonly Write[] => {
  const used = new Set([live.hash, ...live.pods.map(({ metadata }) => metadata.labels?.[hashLabel])]);
  const old = owned.filter(({ metadata }) => !used.has(metadata.labels?.[hashLabel] ?? '')).sort(byNumber);
  const surplus = Math.max(0, old.length - (set.spec.revisionHistoryLimit ?? defaultLimit));
  return old.slice(0, surplus).map((revision) => ({
    verb: 'delete',
    resource: controllerRevisions,
    key: keyFor(revision),
  }));
};
