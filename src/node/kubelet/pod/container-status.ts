// Computes the status of one container within its pod's status. Pure.
import type { Container, ContainerState, ContainerStatus } from '../../../api/core.ts';
import { normaliseReference } from '../../../api/images.ts';
import { timestamp } from '../../../api/time.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import type { Plan } from './plan.ts';
import { currentContainer, finalPhase, type PodView } from './view.ts';

/** @param fallback the reason to show for a container that waits for its first run */
export const containerStatus = (
  container: Container,
  view: PodView,
  plan: Plan,
  fallback: 'ContainerCreating' | 'PodInitializing',
): ContainerStatus => {
  const { current, earlier } = recordsOf(container, view);
  const known = knownStatus(container, view);
  const recordsAreGone = !current && !view.sandbox && finalPhase(view) !== undefined;
  if (recordsAreGone && known) return { ...known, ready: false };
  const state = stateOf(current, plan.waiting.get(container.name) ?? { reason: fallback });
  const probe = current && view.probes.get(current.id);
  const running = state.running !== undefined;
  const isInit = view.pod.spec.initContainers?.includes(container) ?? false;
  return {
    name: container.name,
    image: current?.image ?? known?.image ?? normaliseReference(container.image),
    imageID: current ? `${current.image.replace(/:[^:/]+$/, '')}@${current.imageId}` : (known?.imageID ?? ''),
    ...(current ? { containerID: containerId(current) } : known?.containerID ? { containerID: known.containerID } : {}),
    ready: isInit ? current?.exit?.code === 0 : running && (probe?.ready ?? false),
    started: running && (isInit || (probe?.started ?? false)),
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

/** The container's status that the API server has. */
const knownStatus = (container: Container, { pod }: PodView): ContainerStatus | undefined => {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container.name);
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
  if (isSame || !known.state?.running) return known.lastState ?? {};
  // The container was running when its node stopped, so its exit code is unknown.
  const { containerID } = known;
  const startedAt = known.state.running.startedAt;
  return {
    terminated: {
      exitCode: 255,
      reason: 'Unknown',
      ...(startedAt === undefined ? {} : { startedAt, finishedAt: startedAt }),
      ...(containerID === undefined ? {} : { containerID }),
    },
  };
};

const terminated = (record: ContainerRecord): NonNullable<ContainerState['terminated']> => {
  const { code = 0, finishedAt = record.startedAt, message, unknown } = record.exit ?? {};
  return {
    exitCode: code,
    reason: unknown ? 'ContainerStatusUnknown' : code === 0 ? 'Completed' : 'Error',
    ...(message === undefined ? {} : { message }),
    startedAt: toTimestamp(record.startedAt),
    finishedAt: toTimestamp(finishedAt),
    containerID: containerId(record),
  };
};

const containerId = ({ id }: ContainerRecord): string => `crun://${id}`;
const toTimestamp = (time: string): string => timestamp(Date.parse(time));
