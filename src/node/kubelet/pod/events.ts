// Records the events about pods and their containers that `kubectl describe pod` lists.
import type { Container, Pod } from '../../../api/core-pods.ts';
import { type EventRecorder, referenceTo } from '../../client/events.ts';

export type EventType = 'Normal' | 'Warning';

export interface PodEvents {
  pod(pod: Pod, type: EventType, reason: string, message: string): void;
  container(pod: Pod, container: string, type: EventType, reason: string, message: string): void;
}

/** The list of the spec that has the container. */
const listOf = ({ spec }: Pod, container: string): string => {
  const has = (list: readonly Container[] = []): boolean => list.some(({ name }) => name === container);
  if (has(spec.initContainers)) return 'initContainers';
  return has(spec.ephemeralContainers) ? 'ephemeralContainers' : 'containers';
};

export const createPodEvents = (recorder: Pick<EventRecorder, 'event'>): PodEvents => {
  const about = (pod: Pod) => referenceTo({ apiVersion: 'v1', kind: 'Pod', ...pod });
  return {
    pod: (pod, type, reason, message) => recorder.event(about(pod), type, reason, message),
    container(pod, container, type, reason, message) {
      const fieldPath = `spec.${listOf(pod, container)}{${container}}`;
      recorder.event({ ...about(pod), fieldPath }, type, reason, message);
    },
  };
};
