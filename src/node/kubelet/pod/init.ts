// Decides how far the init containers of a pod are. Sidecars are init containers that keep running. Pure.
import type { Container } from '../../../api/core-pods.ts';
import { isSidecar } from '../../../api/pods.ts';
import { currentContainer, isSpent, lastExitCode } from './runs.ts';
import type { PodView } from './view.ts';

/** A container of the main list has started in this sandbox, so the init containers were done before. */
const hasMainContainer = (view: PodView): boolean =>
  view.sandbox !== undefined &&
  view.pod.spec.containers.some(({ name }) => currentContainer(view, name)?.sandboxId === view.sandbox?.id);

/** The container runs, its postStart hook has succeeded, and so has its startup probe. */
export const hasStarted = (view: PodView, { name }: Container): boolean => {
  const current = currentContainer(view, name);
  if (!current || current.exit || view.postStart.has(current.id)) return false;
  return view.probes.get(current.id)?.started ?? false;
};

/** An init container has ended with 0, or a sidecar has started. */
const isDone = (view: PodView, container: Container): boolean => {
  if (isSidecar(container)) return hasStarted(view, container);
  const { name } = container;
  return (isSpent(view, name) ? lastExitCode(view, name) : currentContainer(view, name)?.exit?.code) === 0;
};

/**
 * The init containers from the newest one that has started on. Earlier ones were done before: a sidecar among them that
 * has ended since then holds up nothing.
 */
const remaining = (view: PodView): readonly Container[] => {
  const { initContainers = [] } = view.pod.spec;
  const newest = initContainers.findLastIndex(({ name }) => currentContainer(view, name) !== undefined);
  return initContainers.slice(Math.max(0, newest));
};

/** @returns true when the containers of the main list may start */
export const mayStartMain = (view: PodView): boolean =>
  hasMainContainer(view) || remaining(view).every((container) => isDone(view, container));

/** @returns the sidecars that were started before, and the first init container that is not done */
export const initContainersToRun = (view: PodView): readonly Container[] => {
  const { initContainers = [] } = view.pod.spec;
  if (mayStartMain(view)) return initContainers.filter(isSidecar);
  const rest = remaining(view);
  const next = rest.find((container) => !isDone(view, container));
  const end = next ? initContainers.indexOf(next) : 0;
  return initContainers.slice(0, end + 1).filter((container) => container === next || isSidecar(container));
};

/** @returns true when all init containers are done, or a container of the main list has started */
export const isInitialized = (view: PodView): boolean =>
  hasMainContainer(view) || (view.pod.spec.initContainers ?? []).every((container) => isDone(view, container));
