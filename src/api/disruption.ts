// The condition of pods that are ended for a reason outside of them: preempted, evicted, or tainted away (KEP-3329).
import type { PodStatus } from './core-pods.ts';
import type { Condition } from './meta.ts';
import { timestamp } from './time.ts';

/** The type of the condition. */
export const disruptionTarget = 'DisruptionTarget';

/** Why a pod was ended, as the original's components say it. The kubelet has reasons of its own. */
const disruptions = {
  PreemptionByScheduler: 'default-scheduler: preempting to accommodate a higher priority pod',
  DeletionByTaintManager: 'Taint manager: deleting due to NoExecute taint',
  EvictionByEvictionAPI: 'Eviction API: evicting',
} as const;

/** The conditions of a pod that somebody is about to end. @param now milliseconds since 1970 */
export const conditionsOfDisruption = (
  { conditions = [] }: PodStatus = {},
  reason: keyof typeof disruptions,
  now?: number,
): Condition[] => {
  const others = conditions.filter(({ type }) => type !== disruptionTarget);
  const known = conditions.find(({ type, status }) => type === disruptionTarget && status === 'True');
  const lastTransitionTime = known?.lastTransitionTime ?? timestamp(now);
  return [
    ...others,
    { type: disruptionTarget, status: 'True', reason, message: disruptions[reason], lastTransitionTime },
  ];
};
