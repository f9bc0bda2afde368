// Computes a Deployment's status: counts, and the conditions Available, Progressing and ReplicaFailure.

import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../api/apps.ts';
import { timestamp } from '../../../api/time.ts';
import { replicasOf, rolloutLimitsOf, sum } from './numbers.ts';

export type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];

export interface Observed {
  readonly deployment: Deployment;
  readonly newSet: ReplicaSet | undefined;
  readonly sets: readonly ReplicaSet[];
  readonly now: number;
}

/** The default of `progressDeadlineSeconds`. */
const defaultDeadline = 600;

export const conditionOf = ({ status }: Deployment, type: string): DeploymentCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isComplete = ({ spec, metadata }: Deployment, status: DeploymentStatus): boolean => {
  const wanted = spec.replicas ?? 1;
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
};

/** @param progressing the new condition Progressing, if this reconcile causes one */
export const statusOf = (observed: Observed, progressing?: DeploymentCondition): DeploymentStatus => {
  const counts = countsOf(observed);
  const { deployment, newSet, sets, now } = observed;
  const before = deployment.status?.conditions ?? [];
  const changed = [availability(observed, counts), progress(observed, counts, progressing)];
  const failure = [...(newSet ? [newSet] : []), ...sets]
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  if (failure) changed.push({ ...failure, lastUpdateTime: failure.lastTransitionTime ?? timestamp(now) });
  const conditions = changed.filter((condition) => condition !== undefined).map((next) => merge(before, next));
  return { ...counts, ...(conditions.length > 0 ? { conditions } : {}) };
};

export const condition = (
  now: number,
  type: string,
  status: 'True' | 'False' | 'Unknown',
  { reason, message }: { reason: string; message: string },
): DeploymentCondition => ({
  type,
  status,
  lastUpdateTime: timestamp(now),
  lastTransitionTime: timestamp(now),
  reason,
  message,
});

/** Keeps an equal old condition, and the old time of the transition if only the reason or the message differs. */
const merge = (before: readonly DeploymentCondition[], next: DeploymentCondition): DeploymentCondition => {
  const old = before.find(({ type }) => type === next.type);
  if (old?.status !== next.status) return next;
  if (old.reason === next.reason && old.message === next.message && next.reason !== 'ReplicaSetUpdated') return old;
  return { ...next, ...(old.lastTransitionTime ? { lastTransitionTime: old.lastTransitionTime } : {}) };
};

const countsOf = ({ deployment, newSet, sets }: Observed): DeploymentStatus => {
  const available = sum(sets, ({ status }) => status?.availableReplicas ?? 0);
  const counts = {
    replicas: sum(sets, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(sets, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(sets, replicasOf) - available),
    collisionCount: deployment.status?.collisionCount ?? 0,
  };
  // Omits zero, as Go's omitempty does.
  const shown = Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0));
  const { generation } = deployment.metadata;
  return { ...(generation === undefined ? {} : { observedGeneration: generation }), ...shown };
};

const availability = ({ deployment, now }: Observed, counts: DeploymentStatus): DeploymentCondition => {
  const enough = (counts.availableReplicas ?? 0) >= replicasOf(deployment) - rolloutLimitsOf(deployment).maxUnavailable;
  return enough
    ? condition(now, 'Available', 'True', {
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      })
    : condition(now, 'Available', 'False', {
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      });
};

const progress = (
  { deployment, newSet, now }: Observed,
  counts: DeploymentStatus,
  happened?: DeploymentCondition,
): DeploymentCondition | undefined => {
  const before = conditionOf(deployment, 'Progressing');
  if (happened) return happened;
  if (deployment.spec.progressDeadlineSeconds === 2 ** 31 - 1) return undefined;
  const settled = counts.replicas === counts.updatedReplicas && before?.reason === 'NewReplicaSetAvailable';
  if (settled || deployment.spec.paused) return before;
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    const message = `${subject} has successfully progressed.`;
    return condition(now, 'Progressing', 'True', { reason: 'NewReplicaSetAvailable', message });
  }
  if (hasProgressed(deployment.status ?? {}, counts)) {
    return condition(now, 'Progressing', 'True', {
      reason: 'ReplicaSetUpdated',
      message: `${subject} is progressing.`,
    });
  }
  if ((deadlineInMs(deployment, now) ?? 1) <= 0) {
    const message = `${subject} has timed out progressing.`;
    return condition(now, 'Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message });
  }
  return before;
};

const hasProgressed = (before: DeploymentStatus, after: DeploymentStatus): boolean => {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
};

/** The time until the rollout counts as stuck. Undefined if the rollout has succeeded or failed. */
export const deadlineInMs = (deployment: Deployment, now: number): number | undefined => {
  const progressing = conditionOf(deployment, 'Progressing');
  if (!progressing || deployment.spec.paused) return undefined;
  if (['NewReplicaSetAvailable', 'ProgressDeadlineExceeded'].includes(progressing.reason ?? '')) return undefined;
  const seconds = deployment.spec.progressDeadlineSeconds ?? defaultDeadline;
  return Date.parse(progressing.lastUpdateTime ?? '') + seconds * 1000 - now;
};
