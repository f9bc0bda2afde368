// Deletes a pod if it does not tolerate a NoExecute taint of its node, or if its `tolerationSeconds` have passed
// (pkg/controller/tainteviction).
import type { Node, Taint } from '../../api/core.ts';
import type { Pod, Toleration } from '../../api/core-pods.ts';
import { conditionsOfDisruption } from '../../api/disruption.ts';
import { nodes, pods } from '../../api/resources.ts';
import { tolerates } from '../../api/taints.ts';
import { keyOf } from '../client/types.ts';
import { type Controller, nothing, type Outcome, parseKey, type World } from './controller.ts';
import { notReadyTaint, unreachableTaint } from './nodelifecycle.ts';
import { podsAndTheirNodes } from './pod-watches.ts';
import { keyFor } from './writes.ts';

/** How long a pod tolerates a lost node by default. The API server adds this toleration (DefaultTolerationSeconds). */
const defaultSeconds = 300;

export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  watches: podsAndTheirNodes,
  reconcile(key, world) {
    const pod = world.get(pods, parseKey(key));
    const node = pod?.spec.nodeName ? world.get(nodes, { name: pod.spec.nodeName }) : undefined;
    if (!pod || !node || pod.metadata.deletionTimestamp) return nothing;
    return reconcilePod(pod, node, world);
  },
};

const reconcilePod = (pod: Pod, node: Node, world: World): Outcome => {
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  if (taints.length === 0) return nothing;
  const leaveAt = Math.min(...taints.map((taint) => leavesAt(pod, taint, world.now)));
  if (leaveAt === Number.POSITIVE_INFINITY) return nothing;
  if (leaveAt > world.now) return { writes: [], againInMs: leaveAt - world.now };
  const { uid } = pod.metadata;
  const conditions = conditionsOfDisruption(pod.status, 'DeletionByTaintManager', world.now);
  const patch = { metadata: { uid }, status: { conditions } };
  const message = `Marking for deletion Pod ${keyOf(pod)}`;
  return {
    writes: [
      { verb: 'patch', resource: pods, key: keyFor(pod), patch, options: { subresource: 'status' } },
      { verb: 'event', about: pod, type: 'Normal', reason: 'TaintManagerEviction', message },
      { verb: 'delete', resource: pods, key: keyFor(pod), ...(uid === undefined ? {} : { options: { uid } }) },
    ],
  };
};

/** When to delete the pod, in milliseconds since 1970. Infinity means never; `now` if the taint is not tolerated. */
const leavesAt = (pod: Pod, taint: Taint, now: number): number => {
  const matching = tolerationsOf(pod).filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return now;
  const seconds = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  if (seconds.length === 0) return Number.POSITIVE_INFINITY;
  return (Date.parse(taint.timeAdded ?? '') || now) + Math.max(0, Math.min(...seconds)) * 1000;
};

const tolerationsOf = ({ spec: { tolerations = [] } }: Pod): readonly Toleration[] => {
  const missing = [notReadyTaint, unreachableTaint].filter(
    (key) => !tolerations.some((toleration) => tolerates(toleration, { key, effect: 'NoExecute' })),
  );
  const defaults = missing.map(
    (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: defaultSeconds }),
  );
  return [...tolerations, ...defaults];
};
