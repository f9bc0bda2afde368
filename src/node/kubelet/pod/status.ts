// A pod's status, worded as the original kubelet words it. Pure.
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../../../api/core.ts';
import { normaliseReference } from '../../../api/images.ts';
import type { Condition } from '../../../api/meta.ts';
import { timestamp } from '../../../api/time.ts';
import type { ContainerRecord } from '../runtime/runtime.ts';
import { currentContainer, finalPhase, type Plan, type PodView } from './plan.ts';

export interface StatusContext {
  readonly hostIp: string;
}

/** What the API server should know about the pod now. */
export const podStatus = (view: PodView, plan: Plan, { hostIp }: StatusContext): PodStatus => {
  const { pod } = view;
  const before = pod.status ?? {};
  const now = timestamp(view.now);
  const describe = (containers: readonly Container[] | undefined, fallback: string): ContainerStatus[] =>
    (containers ?? []).map((container) => containerStatus(container, view, plan, fallback));
  const initContainerStatuses = describe(pod.spec.initContainers, 'PodInitializing');
  const initialized = initContainerStatuses.every(({ state }) => state?.terminated?.exitCode === 0);
  const containerStatuses = describe(pod.spec.containers, initialized ? 'ContainerCreating' : 'PodInitializing');
  containerStatuses.sort((a, b) => (a.name < b.name ? -1 : 1));
  const phase = phaseOf(view, initialized, containerStatuses);
  const ip = pod.spec.hostNetwork ? hostIp : (view.sandbox?.ip ?? before.podIP);
  return {
    phase,
    conditions: conditions(view, { phase, initContainerStatuses, containerStatuses, initialized, now }),
    ...(before.message === undefined ? {} : { message: before.message }),
    ...(before.reason === undefined ? {} : { reason: before.reason }),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: before.startTime ?? now,
    ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}),
    containerStatuses,
    qosClass: before.qosClass ?? qosClass(pod),
  };
};

const containerStatus = (container: Container, view: PodView, plan: Plan, fallback: string): ContainerStatus => {
  const records = view.containers.filter(({ name }) => name === container.name);
  // While a pod has no sandbox, its last containers still tell what became of it.
  const current = view.sandbox ? currentContainer(view, container.name) : records.at(-1);
  const earlier = current ? records[records.indexOf(current) - 1] : records.at(-1);
  const { containerStatuses = [], initContainerStatuses = [] } = view.pod.status ?? {};
  const known = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container.name);
  const waiting = plan.waiting.get(container.name);
  const swept = !current && !view.sandbox && finalPhase(view) !== undefined;
  if (swept && known) return { ...known, ready: false };
  const state = stateOf(current, waiting ?? { reason: fallback });
  const probe = current && view.probes.get(current.id);
  const running = state.running !== undefined;
  const isInit = view.pod.spec.initContainers?.includes(container) ?? false;
  const ready = isInit ? current?.exit?.code === 0 : running && (probe?.ready ?? false);
  const lastState = lastStateOf(current, state, earlier, known);
  return {
    name: container.name,
    image: current?.image ?? known?.image ?? normaliseReference(container.image),
    imageID: current ? `${current.image.replace(/:[^:/]+$/, '')}@${current.imageId}` : (known?.imageID ?? ''),
    ...(current ? { containerID: containerId(current) } : known?.containerID ? { containerID: known.containerID } : {}),
    ready,
    started: running && (isInit || (probe?.started ?? false)),
    restartCount: current?.attempt ?? known?.restartCount ?? 0,
    state,
    lastState,
  };
};

const stateOf = (
  current: ContainerRecord | undefined,
  waiting: { reason: string; message?: string },
): ContainerState => {
  if (!current) return { waiting };
  if (!current.exit) return { running: { startedAt: whole(current.startedAt) } };
  return waiting.message === undefined ? { terminated: terminated(current) } : { waiting };
};

const lastStateOf = (
  current: ContainerRecord | undefined,
  state: ContainerState,
  earlier: ContainerRecord | undefined,
  known: ContainerStatus | undefined,
): ContainerState => {
  if (current?.exit && state.waiting) return { terminated: terminated(current) };
  if (earlier?.exit) return { terminated: terminated(earlier) };
  if (!known) return {};
  const isSame = current !== undefined && known.containerID === containerId(current);
  if (isSame || !known.state?.running) return known.lastState ?? {};
  // It ran when its node went down.
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
    startedAt: whole(record.startedAt),
    finishedAt: whole(finishedAt),
    containerID: containerId(record),
  };
};

const containerId = ({ id }: ContainerRecord): string => `crun://${id}`;
const whole = (time: string): string => timestamp(Date.parse(time));

const phaseOf = (
  view: PodView,
  initialized: boolean,
  statuses: readonly ContainerStatus[],
): NonNullable<PodStatus['phase']> => {
  const final = finalPhase(view);
  if (final) return final;
  if (isGoing(view) && statuses.every(({ state }) => state?.terminated)) {
    return statuses.every(({ state }) => state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  if (!initialized) return 'Pending';
  // A container that never ran keeps the pod pending; one that waits for its next run does not.
  return statuses.some(({ state, lastState }) => state?.waiting && !lastState?.terminated) ? 'Pending' : 'Running';
};

const isGoing = ({ pod }: PodView): boolean => pod.metadata.deletionTimestamp !== undefined;

interface ConditionContext {
  readonly phase: string;
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
  readonly initialized: boolean;
  readonly now: string;
}

const ownConditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];

const conditions = (view: PodView, context: ConditionContext): NonNullable<PodStatus['conditions']> => {
  const { phase, containerStatuses, initContainerStatuses, initialized, now } = context;
  const before = view.pod.status?.conditions ?? [];
  const completed = phase === 'Succeeded' ? { reason: 'PodCompleted' } : undefined;
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const incomplete = initContainerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const ready: Fact = completed
    ? { status: false, ...completed }
    : phase === 'Failed'
      ? { status: false, reason: 'PodFailed' }
      : unready.length > 0
        ? {
            status: false,
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`,
          }
        : { status: initialized };
  const facts: Record<string, Fact> = {
    PodReadyToStartContainers: { status: view.sandbox !== undefined },
    Initialized:
      initialized || completed
        ? { status: true, ...completed }
        : {
            status: false,
            reason: 'ContainersNotInitialized',
            message: `containers with incomplete status: [${incomplete.join(' ')}]`,
          },
    Ready: ready,
    ContainersReady: ready,
    PodScheduled: { status: true },
  };
  const own = Object.entries(facts).map(([type, fact]) =>
    condition(
      type,
      fact,
      before.find((candidate) => candidate.type === type),
      now,
    ),
  );
  return [...own, ...before.filter(({ type }) => !ownConditions.includes(type))];
};

interface Fact {
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

const condition = (type: string, fact: Fact, before: Condition | undefined, now: string) => {
  const status = fact.status ? ('True' as const) : ('False' as const);
  return {
    type,
    status,
    ...(fact.reason === undefined ? {} : { reason: fact.reason }),
    ...(fact.message === undefined ? {} : { message: fact.message }),
    lastProbeTime: null,
    lastTransitionTime: before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : now,
  };
};

/** Guaranteed when every container's requests are its limits, for CPU and memory; BestEffort when none has any. */
export const qosClass = ({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' => {
  const all = [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources = {} }) => resources);
  if (all.every(({ requests = {}, limits = {} }) => Object.keys({ ...requests, ...limits }).length === 0)) {
    return 'BestEffort';
  }
  const guaranteed = all.every(({ requests = {}, limits = {} }) =>
    ['cpu', 'memory'].every((name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name]),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
};
