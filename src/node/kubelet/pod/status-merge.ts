// Joins a status that the kubelet computed with the status that the API server has. Pure.
import type { ContainerStatus, Pod, PodStatus } from '../../../api/core-pods.ts';
import { disruptionTarget } from '../../../api/disruption.ts';
import { sidecarsOf } from '../../../api/pods.ts';
import { finalPhaseOf } from './runs.ts';

/** The condition types that the kubelet writes. Conditions of other types belong to other writers. */
export const ownConditions: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
]);

/**
 * The kubelet may have computed its status from an older object. A final phase stays, a container that must not run
 * again stays terminated, and the conditions of other writers stay.
 * @param current the pod as the API server has it
 */
export const mergeStatus = ({ spec, status: current = {} }: Pod, next: PodStatus): PodStatus => {
  const { restartPolicy } = spec;
  const foreign = (status: PodStatus) => (status.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  const merged: PodStatus = { ...keptLists(current), ...next, ...keptPhase(current, next) };
  const kept = foreign(current);
  const isNew = (type: string): boolean =>
    type === disruptionTarget && !kept.some((condition) => condition.type === type);
  const own = (next.conditions ?? []).filter(({ type }) => ownConditions.has(type) || isNew(type));
  const conditions = [...own, ...kept];
  if (conditions.length > 0) merged.conditions = conditions;
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = next;
  if (ephemeralContainerStatuses) {
    merged.ephemeralContainerStatuses = keepEnds(
      current.ephemeralContainerStatuses,
      ephemeralContainerStatuses,
      () => true,
    );
  }
  if (containerStatuses) {
    const isFinal = (code: number): boolean =>
      restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && code === 0);
    merged.containerStatuses = keepEnds(current.containerStatuses, containerStatuses, isFinal);
  }
  if (initContainerStatuses) {
    const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name));
    const isFinal = (_: number, name: string): boolean => restartPolicy === 'Never' && !sidecars.has(name);
    merged.initContainerStatuses = keepEnds(current.initContainerStatuses, initContainerStatuses, isFinal);
  }
  return merged;
};

/** A status without a list comes from an object that had no list yet: the kubelet never removes one. */
const keptLists = ({ containerStatuses, initContainerStatuses, ephemeralContainerStatuses }: PodStatus): PodStatus => ({
  ...(containerStatuses && { containerStatuses }),
  ...(initContainerStatuses && { initContainerStatuses }),
  ...(ephemeralContainerStatuses && { ephemeralContainerStatuses }),
});

const keptPhase = (current: PodStatus, next: PodStatus): Pick<PodStatus, 'phase' | 'reason' | 'message'> => {
  const phase = finalPhaseOf(current);
  if (!phase || phase === next.phase) return {};
  const { reason, message } = current;
  return { phase, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
};

const keepEnds = (
  current: readonly ContainerStatus[] = [],
  next: readonly ContainerStatus[],
  isFinal: (exitCode: number, name: string) => boolean,
): ContainerStatus[] =>
  next.map((status) => {
    const known = current.find(({ name }) => name === status.name);
    const code = known?.state?.terminated?.exitCode;
    return known && code !== undefined && isFinal(code, status.name) && !status.state?.terminated ? known : status;
  });
