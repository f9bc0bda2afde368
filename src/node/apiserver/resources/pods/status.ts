// Refuses a pod status in which a container leaves its end although its pod's restart policy forbids another run.
import type { ContainerStatus, Pod } from '../../../../api/core-pods.ts';
import { sidecarsOf } from '../../../../api/pods.ts';
import { type FieldError, forbiddenField } from '../../validation/field.ts';

export const validatePodStatusUpdate = (next: Pod, current: Pod): FieldError[] => {
  const { restartPolicy } = current.spec;
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') return [];
  const isFinal = (exitCode: number): boolean => restartPolicy === 'Never' || exitCode === 0;
  const problems = resurrected(
    { next: next.status?.containerStatuses, current: current.status?.containerStatuses, isFinal },
    'status.containerStatuses',
  );
  // With OnFailure, a new sandbox needs its init containers again. The original's kubelet cannot report that.
  if (restartPolicy === 'OnFailure') return problems;
  const { initContainerStatuses } = current.status ?? {};
  // Sidecars restart as long as their pod lives.
  const sidecars = new Set(sidecarsOf(current.spec).map(({ name }) => name));
  const mustStay = (_: number, name: string): boolean => !sidecars.has(name);
  const inits = { next: next.status?.initContainerStatuses, current: initContainerStatuses, isFinal: mustStay };
  return [...problems, ...resurrected(inits, 'status.initContainerStatuses')];
};

interface Transition {
  readonly next: readonly ContainerStatus[] | undefined;
  readonly current: readonly ContainerStatus[] | undefined;
  readonly isFinal: (exitCode: number, name: string) => boolean;
}

const resurrected = ({ next = [], current = [], isFinal }: Transition, path: string): FieldError[] =>
  current.flatMap(({ name, state }, index) => {
    if (!state?.terminated || !isFinal(state.terminated.exitCode, name)) return [];
    const runs = next.some((status) => status.name === name && !status.state?.terminated);
    return runs ? [forbiddenField(`${path}[${index}].state`, 'may not be transitioned to non-terminated state')] : [];
  });
