// Computes the sizes of ReplicaSets during a rollout, as the original does (pkg/controller/deployment/util).
import type { Deployment, ReplicaSet } from '../../../api/apps.ts';
import type { IntOrString } from '../../../api/meta.ts';
import { byAge, desiredAnnotation, maxAnnotation } from './template.ts';

export const replicasOf = ({ spec }: { spec: { replicas?: number } }): number => spec.replicas ?? 1;
/** At most the set's wanted size, because the status still counts pods that are being deleted. */
export const availableOf = (set: ReplicaSet): number => Math.min(set.status?.availableReplicas ?? 0, replicasOf(set));
export const sum = (sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + value(set), 0);

const scaled = (value: IntOrString, total: number, round: (value: number) => number): number => {
  if (typeof value === 'number') return value;
  return value.endsWith('%') ? round((Number.parseFloat(value) * total) / 100) : Number(value) || 0;
};

export interface RolloutLimits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Rounds percentages in favour of availability. At least one limit is above 0, or the rollout could not continue. */
export const rolloutLimitsOf = ({ spec }: Deployment): RolloutLimits => {
  const total = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge: surge = '25%', maxUnavailable: unavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const maxSurge = scaled(surge, total, Math.ceil);
  const maxUnavailable = scaled(unavailable, total, Math.floor);
  if (maxSurge === 0 && maxUnavailable === 0) return { maxSurge, maxUnavailable: total === 0 ? 0 : 1 };
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, total) };
};

/** The wanted size of the newest set, given the sizes of all sets. */
export const newSetReplicas = (deployment: Deployment, sets: readonly ReplicaSet[], current: number): number => {
  const wanted = replicasOf(deployment);
  if (deployment.spec.strategy?.type === 'Recreate') return wanted;
  if (current > wanted) return wanted;
  const room = wanted + rolloutLimitsOf(deployment).maxSurge - sum(sets, replicasOf);
  return room <= 0 ? current : current + Math.min(room, wanted - current);
};

/** New sizes of the old sets. Removes unhealthy pods first, then as many healthy pods as maxUnavailable allows. */
export const shrinkOldSets = (
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
): ReadonlyMap<ReplicaSet, number> => {
  const sizes = new Map<ReplicaSet, number>();
  const all = newSet ? [...oldSets, newSet] : oldSets;
  const minAvailable = replicasOf(deployment) - rolloutLimitsOf(deployment).maxUnavailable;
  const newUnavailable = newSet ? replicasOf(newSet) - availableOf(newSet) : 0;
  let removable = sum(all, replicasOf) - minAvailable - newUnavailable;
  if (removable <= 0) return sizes;
  const oldestFirst = [...oldSets].sort(byAge);
  for (const set of oldestFirst) {
    const count = Math.min(removable, Math.max(0, replicasOf(set) - availableOf(set)));
    if (count === 0) continue;
    sizes.set(set, replicasOf(set) - count);
    removable -= count;
  }
  let spare = sum(all, availableOf) - minAvailable;
  for (const set of oldestFirst) {
    const size = sizes.get(set) ?? replicasOf(set);
    const count = Math.min(spare, size);
    if (count <= 0) continue;
    sizes.set(set, size - count);
    spare -= count;
  }
  return sizes;
};

/** Whether the Deployment's size has changed since its sets were scaled. Then scaling comes before the rollout. */
export const isScaling = (deployment: Deployment, sets: readonly ReplicaSet[]): boolean =>
  sets.some((set) => {
    const desired = set.metadata.annotations?.[desiredAnnotation];
    return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });

/** New sizes of the sets after the Deployment was scaled. During a rollout, the change is shared among the sets. */
export const scaleSets = (
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
): ReadonlyMap<ReplicaSet, number> => {
  const wanted = replicasOf(deployment);
  const all = [...oldSets, ...(newSet ? [newSet] : [])];
  const active = all.filter((set) => replicasOf(set) > 0);
  const latest = newSet ?? [...oldSets].sort(byAge).at(-1);
  if (active.length <= 1) {
    const only = active[0] ?? latest;
    return only ? new Map([[only, wanted]]) : new Map();
  }
  const noted = Number(newSet?.metadata.annotations?.[desiredAnnotation]) === wanted;
  if (newSet && noted && replicasOf(newSet) === wanted && availableOf(newSet) === wanted) {
    return new Map(active.filter((set) => set !== newSet).map((set) => [set, 0]));
  }
  if (deployment.spec.strategy?.type === 'Recreate') return new Map();
  return scaleProportionally(deployment, active);
};

const scaleProportionally = (deployment: Deployment, active: readonly ReplicaSet[]): Map<ReplicaSet, number> => {
  const wanted = replicasOf(deployment);
  const allowed = wanted > 0 ? wanted + rolloutLimitsOf(deployment).maxSurge : 0;
  const toAdd = allowed - sum(active, replicasOf);
  const direction = toAdd > 0 ? -1 : 1;
  const bySize = [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || direction * byAge(a, b));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of bySize) {
    const share = toAdd === 0 ? 0 : proportion(set, deployment, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const largest = bySize[0];
  if (largest) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
};

const proportion = (set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number => {
  const left = toAdd - added;
  const wanted = replicasOf(deployment);
  if (wanted === 0) return -replicasOf(set);
  const before = Number(set.metadata.annotations?.[maxAnnotation] ?? 0) || deployment.status?.replicas || 1;
  const size = Math.round((replicasOf(set) * (wanted + rolloutLimitsOf(deployment).maxSurge)) / before);
  const fraction = size - replicasOf(set);
  return toAdd > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
};
