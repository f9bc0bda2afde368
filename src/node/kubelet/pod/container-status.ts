// Computes the status of one container within its pod's status. Pure.
import type { Container, ContainerState, ContainerStatus } from '../../../api/core-pods.ts';
import { normaliseReference } from '../../../api/images.ts';
import { timestamp } from '../../../api/time.ts';
import { type ContainerRecord, lostExitCode } from '../runtime/runtime.ts';
import { currentContainer, finalPhase, isInitContainer, isSidecarName, isSpent, knownStatus } from './runs.ts';
import type { Plan } from './steps.ts';
import type { PodView } from './view.ts';

type Terminated = NonNullable<ContainerState['terminated']>;

/** @param fallback the reason to show for a container that waits for its first run */
export const containerStatus = (
  container: Container,
  view: PodView,
  plan: Plan,
  fallback: 'ContainerCreating' | 'PodInitializing',
): ContainerStatus => {
  const { current, earlier } = recordsOf(container, view);
  const known = knownStatus(view.pod, container.name);
  if (!current && (isSpent(view, container.name) || finalPhase(view))) {
    const ended = endWithoutRecord(container, known, fallback);
    if (ended) return ended;
  }
  const waiting = plan.waiting.get(container.name) ?? { reason: fallback };
  // A container whose postStart hook runs does not count as running yet.
  const isStarting = current !== undefined && view.postStart.get(current.id) === 'running';
  const state: ContainerState = isStarting ? { waiting } : stateOf(current, waiting);
  const probe = current && view.probes.get(current.id);
  const running = state.running !== undefined;
  const endsOnce = isInitContainer(view.pod, container.name) && !isSidecarName(view.pod, container.name);
  return {
    name: container.name,
    image: current?.image ?? known?.image ?? normaliseReference(container.image),
    imageID: current ? `${current.image.replace(/:[^:/]+$/, '')}@${current.imageId}` : (known?.imageID ?? ''),
    ...(current ? { containerID: containerId(current) } : known?.containerID ? { containerID: known.containerID } : {}),
    ready: endsOnce ? current?.exit?.code === 0 : running && (probe?.ready ?? false),
    started: running && (endsOnce || (probe?.started ?? false)),
    restartCount: current?.attempt ?? known?.restartCount ?? 0,
    state,
    lastState: lastStateOf({ current, earlier, state, known }),
  };
};

/** While a pod has no sandbox, the last record still shows how its container ended. */
const recordsOf = ({ name }: Container, view: PodView) => {
  const records = view.containers.filter((record) => record.name === name);
  const current = view.sandbox ? currentContainer(view, name) : records.at(-1);
  const earlier = current ? records[records.indexOf(current) - 1] : records.at(-1);
  return { current, earlier };
};

/**
 * The status of a container that will not run again and has no record. What the API server knows stays.
 * @returns undefined for a container that still waits for the init containers: as with Kubernetes, it keeps waiting
 */
const endWithoutRecord = (
  container: Container,
  known: ContainerStatus | undefined,
  fallback: 'ContainerCreating' | 'PodInitializing',
): ContainerStatus | undefined => {
  const terminated = known?.state?.terminated ?? (known?.state?.waiting ? known.lastState?.terminated : undefined);
  if (known && terminated) return { ...known, ...over(terminated), ready: known.ready && terminated.exitCode === 0 };
  if (known?.containerID) return { ...known, ...over(endWithNode(known)), ready: false };
  if (fallback === 'PodInitializing') return undefined;
  const image = normaliseReference(container.image);
  const status = known ?? { name: container.name, image, imageID: '', ready: false, restartCount: 0, lastState: {} };
  return { ...status, ...over(neverStarted), ready: false };
};

const over = (terminated: Terminated) => ({ started: false, state: { terminated } });

const neverStarted: Terminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

/** The container was running when its node stopped, so its exit code is unknown. */
const endWithNode = ({ state, containerID }: ContainerStatus): Terminated => {
  const startedAt = state?.running?.startedAt;
  return {
    exitCode: lostExitCode,
    reason: 'Unknown',
    ...(startedAt === undefined ? {} : { startedAt, finishedAt: startedAt }),
    ...(containerID === undefined ? {} : { containerID }),
  };
};

const stateOf = (
  current: ContainerRecord | undefined,
  waiting: { reason: string; message?: string },
): ContainerState => {
  if (!current) return { waiting };
  if (!current.exit) return { running: { startedAt: toTimestamp(current.startedAt) } };
  return waiting.message === undefined ? { terminated: terminated(current) } : { waiting };
};

interface History {
  readonly current: ContainerRecord | undefined;
  readonly earlier: ContainerRecord | undefined;
  readonly state: ContainerState;
  readonly known: ContainerStatus | undefined;
}

const lastStateOf = ({ current, earlier, state, known }: History): ContainerState => {
  if (current?.exit && state.waiting) return { terminated: terminated(current) };
  if (earlier?.exit) return { terminated: terminated(earlier) };
  if (!known) return {};
  const isSame = current !== undefined && known.containerID === containerId(current);
  if (!isSame && known.state?.terminated) return { terminated: known.state.terminated };
  if (isSame || !known.state?.running) return known.lastState ?? {};
  return { terminated: endWithNode(known) };
};

const terminated = (record: ContainerRecord): Terminated => {
  const { code = 0, finishedAt = record.startedAt, message, unknown, oomKilled } = record.exit ?? {};
  const unknownReason = code === lostExitCode ? 'Unknown' : 'ContainerStatusUnknown';
  return {
    exitCode: code,
    reason: oomKilled ? 'OOMKilled' : unknown ? unknownReason : code === 0 ? 'Completed' : 'Error',
    ...(message === undefined ? {} : { message }),
    startedAt: toTimestamp(record.startedAt),
    finishedAt: toTimestamp(finishedAt),
    containerID: containerId(record),
  };
};

const containerId = ({ id }: ContainerRecord): string => `crun://${id}`;
const toTimestamp = (time: string): string => timestamp(Date.parse(time));
