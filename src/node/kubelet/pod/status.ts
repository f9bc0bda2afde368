// Computes the status of a pod: phase, conditions, addresses. Reasons and messages equal the original kubelet's. Pure.
import type { Container, ContainerStatus, Pod, PodStatus } from '../../../api/core.ts';
import type { Condition } from '../../../api/meta.ts';
import { timestamp } from '../../../api/time.ts';
import { containerStatus } from './container-status.ts';
import type { Plan } from './plan.ts';
import { finalPhase } from './runs.ts';
import { ownConditions } from './status-merge.ts';
import type { PodView } from './view.ts';

export interface StatusContext {
  readonly hostIp: string;
}

/** @returns the status that the API server should have now */
export const podStatus = (view: PodView, plan: Plan, { hostIp }: StatusContext): PodStatus => {
  const { pod } = view;
  const before = pod.status ?? {};
  const now = timestamp(view.now);
  const describe = (containers: readonly Container[] = [], fallback: Parameters<typeof containerStatus>[3]) =>
    containers.map((container) => containerStatus(container, view, plan, fallback));
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

const phaseOf = (
  view: PodView,
  initialized: boolean,
  statuses: readonly ContainerStatus[],
): NonNullable<PodStatus['phase']> => {
  const final = finalPhase(view);
  if (final) return final;
  const isDeleted = view.pod.metadata.deletionTimestamp !== undefined;
  if (isDeleted && statuses.every(({ state }) => state?.terminated)) {
    return statuses.every(({ state }) => state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  if (!initialized) return 'Pending';
  // A container that never ran keeps the pod Pending. A container that waits for its next run does not.
  return statuses.some(({ state, lastState }) => state?.waiting && !lastState?.terminated) ? 'Pending' : 'Running';
};

interface ConditionContext {
  readonly phase: string;
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
  readonly initialized: boolean;
  readonly now: string;
}

/** The value of a condition: true or false, and why. */
interface Finding {
  readonly status: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** Computes the kubelet's conditions and keeps the conditions of other writers, such as readiness gates. */
const conditions = (view: PodView, context: ConditionContext): NonNullable<PodStatus['conditions']> => {
  const before = view.pod.status?.conditions ?? [];
  const ready = readyFinding(context);
  const findings: Record<string, Finding> = {
    PodReadyToStartContainers: { status: view.sandbox !== undefined },
    Initialized: initializedFinding(context),
    Ready: ready,
    ContainersReady: ready,
    PodScheduled: { status: true },
  };
  const own = Object.entries(findings).map(([type, finding]) => {
    const known = before.find((candidate) => candidate.type === type);
    return condition(type, finding, known, context.now);
  });
  return [...own, ...before.filter(({ type }) => !ownConditions.has(type))];
};

const readyFinding = ({ phase, initialized, containerStatuses }: ConditionContext): Finding => {
  if (phase === 'Succeeded') return { status: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: false, reason: 'PodFailed' };
  const unready = namesOfUnready(containerStatuses);
  if (unready === '') return { status: initialized };
  return { status: false, reason: 'ContainersNotReady', message: `containers with unready status: [${unready}]` };
};

const initializedFinding = ({ phase, initialized, initContainerStatuses }: ConditionContext): Finding => {
  if (phase === 'Succeeded') return { status: true, reason: 'PodCompleted' };
  if (initialized) return { status: true };
  const incomplete = namesOfUnready(initContainerStatuses);
  const message = `containers with incomplete status: [${incomplete}]`;
  return { status: false, reason: 'ContainersNotInitialized', message };
};

const namesOfUnready = (statuses: readonly ContainerStatus[]): string =>
  statuses
    .filter(({ ready }) => !ready)
    .map(({ name }) => name)
    .join(' ');

const condition = (type: string, finding: Finding, before: Condition | undefined, now: string) => {
  const status = finding.status ? ('True' as const) : ('False' as const);
  return {
    type,
    status,
    ...(finding.reason === undefined ? {} : { reason: finding.reason }),
    ...(finding.message === undefined ? {} : { message: finding.message }),
    lastProbeTime: null,
    lastTransitionTime: before?.status === status && before.lastTransitionTime ? before.lastTransitionTime : now,
  };
};

/**
 * Guaranteed when every container's CPU and memory requests equal its limits. BestEffort when no container has requests
 * or limits.
 */
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
