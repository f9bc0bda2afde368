// Decides which container of a pod may run again, and whether the pod has ended. The facts are the runtime's records
// and, for records that are gone, the status at the API server. Pure.
import type { ContainerStatus, Pod, PodStatus } from '../../../api/core-pods.ts';
import { allStatuses, isSidecar, sidecarsOf } from '../../../api/pods.ts';
import { type ContainerRecord, lostExitCode } from '../runtime/runtime.ts';
import type { FinalPhase, PodView } from './view.ts';

/** @returns the phase if it is final: a pod never leaves it */
export const finalPhaseOf = (status: PodStatus | undefined): FinalPhase | undefined =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed' ? status.phase : undefined;

/** The container's status that the API server has. */
export const knownStatus = ({ status }: Pod, name: string): ContainerStatus | undefined =>
  allStatuses(status).find((candidate) => candidate.name === name);

export const isInitContainer = ({ spec }: Pod, name: string): boolean =>
  spec.initContainers?.some((container) => container.name === name) ?? false;

export const isSidecarName = ({ spec }: Pod, name: string): boolean =>
  sidecarsOf(spec).some((container) => container.name === name);

const isEphemeral = ({ spec }: Pod, name: string): boolean =>
  spec.ephemeralContainers?.some((container) => container.name === name) ?? false;

/**
 * The record that counts now: the newest one in the current sandbox. A container that must not run again keeps its
 * newest record, whatever happened to its sandbox.
 */
export const currentContainer = (view: PodView, name: string): ContainerRecord | undefined => {
  const newest = view.containers.findLast((record) => record.name === name);
  const counts = newest?.sandboxId === view.sandbox?.id || isSpent(view, name);
  return counts ? newest : undefined;
};

/** @returns the exit code of the container's last run; undefined when it runs or never ran */
export const lastExitCode = (view: PodView, name: string): number | undefined => {
  const record = view.containers.findLast((candidate) => candidate.name === name);
  if (record) return record.exit?.code;
  const { state = {}, lastState = {}, containerID } = knownStatus(view.pod, name) ?? {};
  const { exitCode } = state.terminated ?? (state.waiting ? lastState.terminated : undefined) ?? {};
  if (exitCode !== undefined) return exitCode;
  // The container ran, and nothing is left of it: its node restarted.
  return containerID ? lostExitCode : undefined;
};

/** @returns true when the container has ended and its pod's restart policy forbids another run */
export const isSpent = (view: PodView, name: string): boolean => {
  const code = lastExitCode(view, name);
  const { restartPolicy } = view.pod.spec;
  // As long as the pod lives, its sidecars restart, whatever the pod's policy says.
  if (code === undefined || isSidecarName(view.pod, name)) return false;
  if (isEphemeral(view.pod, name)) return true;
  // A new sandbox needs its init containers again, even if they succeeded in an earlier sandbox.
  return restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && code === 0 && !isInitContainer(view.pod, name));
};

/** @returns true when the pod's containers have no network: they must end, and start again in a new sandbox */
export const isNetworkLost = (view: PodView): boolean =>
  view.sandbox ? !view.sandboxIntact : view.containers.some(({ exit }) => !exit);

/**
 * @returns the phase in which the pod ended, or undefined while its containers run or may run again. Sidecars may still
 * run: the kubelet ends them, and only then reports the phase.
 */
export const finalPhase = (view: PodView): FinalPhase | undefined => {
  const { pod } = view;
  const decided = finalPhaseOf(pod.status) ?? view.ended ?? (view.failure && 'Failed');
  if (decided) return decided;
  const { restartPolicy = 'Always', initContainers = [], containers } = pod.spec;
  if (restartPolicy === 'Always') return undefined;
  const codes = containers.map(({ name }) => lastExitCode(view, name));
  if (codes.every((code) => code === 0)) return 'Succeeded';
  if (restartPolicy !== 'Never') return undefined;
  const initCodes = initContainers.filter((c) => !isSidecar(c)).map(({ name }) => lastExitCode(view, name));
  if (codes.every((code) => code !== undefined) || initCodes.some((code) => (code ?? 0) !== 0)) return 'Failed';
  return isAbandoned(view, [...initCodes, ...codes]) ? 'Failed' : undefined;
};

/** A pod that never restarts gets no second sandbox after a container has run, as with Kubernetes. */
const isAbandoned = (view: PodView, codes: readonly (number | undefined)[]): boolean => {
  const runs = view.containers.some(({ exit }) => !exit);
  const hasNetwork = view.sandbox !== undefined && view.sandboxIntact;
  return !runs && !hasNetwork && codes.some((code) => code !== undefined);
};
