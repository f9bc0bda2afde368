// Deletes pods that no kubelet will delete: their node is gone, or they never had a node (pkg/controller/podgc).
import type { Pod } from '../../api/core-pods.ts';
import { nodes, pods } from '../../api/resources.ts';
import { type Controller, nothing, type Outcome, parseKey } from './controller.ts';
import { podsAndTheirNodes } from './pod-watches.ts';
import { keyFor } from './writes.ts';

/** How long a node may be missing before its pods are deleted. A node that is replaced in this time keeps its pods. */
const quarantineMs = 40_000;

/** The controller remembers the time since which each node is missing. */
export const createPodGc = (): Controller => {
  const missingSince = new Map<string, number>();
  return {
    name: 'pod-garbage-collector',
    watches: podsAndTheirNodes,
    reconcile(key, world) {
      const pod = world.get(pods, parseKey(key));
      if (!pod) return nothing;
      const { nodeName } = pod.spec;
      if (!nodeName) return pod.metadata.deletionTimestamp ? forceDelete(pod) : nothing;
      if (world.get(nodes, { name: nodeName })) {
        missingSince.delete(nodeName);
        return nothing;
      }
      const since = missingSince.get(nodeName) ?? world.now;
      missingSince.set(nodeName, since);
      const left = since + quarantineMs - world.now;
      return left > 0 ? { writes: [], againInMs: left } : forceDelete(pod, nodeName);
    },
  };
};

const forceDelete = (pod: Pod, nodeName?: string): Outcome => ({
  writes: [
    {
      verb: 'delete',
      resource: pods,
      key: keyFor(pod),
      options: { gracePeriodSeconds: 0, ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }) },
      ...(nodeName === undefined ? {} : { onlyIfGone: [{ resource: nodes, key: { name: nodeName } }] }),
    },
  ],
});
