// The order in which the containers of a pod end: sidecars outlive the containers that may need them. Pure.
import { sidecarsOf } from '../../../api/pods.ts';
import type { PodView } from './view.ts';

/**
 * A sidecar gets its stop signal after all containers of the main list and all later sidecars have ended. Any other
 * container gets its stop signal at once.
 */
export const mayTerminate = ({ pod, containers }: PodView, name: string): boolean => {
  const sidecars = sidecarsOf(pod.spec).map((sidecar) => sidecar.name);
  const position = sidecars.indexOf(name);
  if (position < 0) return true;
  const before = new Set([...pod.spec.containers.map((container) => container.name), ...sidecars.slice(position + 1)]);
  return !containers.some((record) => !record.exit && before.has(record.name));
};
