// Computes the status of a pod: phase, conditions, addresses. Reasons and messages equal the original kubelet's. Pure.
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../../../api/core-pods.ts';
import { disruptionTarget } from '../../../api/disruption.ts';
import type { Condition } from '../../../api/meta.ts';
import { allContainers, sidecarsOf } from '../../../api/pods.ts';
import { timestamp } from '../../../api/time.ts';
import { qosClass } from '../container/limits.ts';
import { containerStatus } from './container-status.ts';
import { isInitialized } from './init.ts';
import { finalPhase, finalPhaseOf } from './runs.ts';
import { ownConditions } from './status-merge.ts';
import type { Plan } from './steps.ts';
import type { PodView } from './view.ts';

export interface StatusContext {
  readonly hostIp: string;
}

/** @returns the status that the API server should have now */
export const podStatus = (view: PodView, plan: Plan, { hostIp }: StatusContext): PodStatus => {
  const { pod } = view;
  const before = pod.status ?? {};
  const now = timestamp(view.now);
  const maxMessage = Math.floor(maxMessagesOfPod / allContainers(pod.spec).length);
  const describe = (containers: readonly Container[] = [], fallback: Parameters<typeof containerStatus>[3]) =>
    containers.map((container) => shortened(containerStatus(container, view, plan, fallback), maxMessage));
  const initContainerStatuses = describe(pod.spec.initContainers, 'PodInitializing');
  const initialized = isInitialized(view);
  const containerStatuses = describe(pod.spec.containers, initialized ? 'ContainerCreating' : 'PodInitializing');
  containerStatuses.sort((a, b) => (a.name < b.name ? -1 : 1));
  const ephemeral = describe(
    pod.spec.ephemeralContainers,
    initContainerStatuses.length > 0 ? 'PodInitializing' : 'ContainerCreating',
  );
  const sidecars = new Set(sidecarsOf(pod.spec).map(({ name }) => name));
  const lasting = [...initContainerStatuses.filter(({ name }) => sidecars.has(name)), ...containerStatuses];
  const phase = phaseOf(view, initialized, { containerStatuses, lasting });
  const ip = pod.spec.hostNetwork ? hostIp : (view.sandbox?.ip ?? before.podIP);
  return {
    phase,
    conditions: conditions(view, { phase, initContainerStatuses, lasting, initialized, now }),
    ...because(view, phase),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: before.startTime ?? now,
    ...(isRejected(view)
      ? {}
      : { ...(initContainerStatuses.length > 0 ? { initContainerStatuses } : {}), containerStatuses }),
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral.map(withoutReadiness) } : {}),
    qosClass: before.qosClass ?? qosClass(pod),
  };
};

/** A pod that failed before the kubelet began with it has no statuses of containers. */
const isRejected = (view: PodView): boolean =>
  finalPhase(view) === 'Failed' &&
  view.containers.length === 0 &&
  view.sandbox === undefined &&
  view.pod.status?.containerStatuses === undefined;

/** Why the pod failed as a whole. The status says so when all containers have ended. */
const because = ({ failure, pod }: PodView, phase: string): Pick<PodStatus, 'reason' | 'message'> => {
  const { reason, message } = (phase === 'Failed' ? failure : undefined) ?? pod.status ?? {};
  return { ...(message === undefined ? {} : { message }), ...(reason === undefined ? {} : { reason }) };
};

/** All termination messages of a pod together have at most this many bytes. */
const maxMessagesOfPod = 12 * 1024;

const shortened = (status: ContainerStatus, maxBytes: number): ContainerStatus => {
  const cut = (state: ContainerState = {}): ContainerState => {
    const { terminated } = state;
    if (terminated?.message === undefined || Buffer.byteLength(terminated.message) <= maxBytes) return state;
    const message = Buffer.from(terminated.message).subarray(0, maxBytes).toString('utf8');
    return { terminated: { ...terminated, message } };
  };
  return { ...status, state: cut(status.state), lastState: cut(status.lastState) };
};

/** Ephemeral containers have no probes and are never ready. */
const withoutReadiness = ({ started: _, ...status }: ContainerStatus): ContainerStatus => ({ ...status, ready: false });

interface Statuses {
  readonly containerStatuses: readonly ContainerStatus[];
  /** The sidecars and the containers of the main list. */
  readonly lasting: readonly ContainerStatus[];
}

const phaseOf = (
  view: PodView,
  initialized: boolean,
  { containerStatuses, lasting }: Statuses,
): NonNullable<PodStatus['phase']> => {
  const known = finalPhaseOf(view.pod.status);
  if (known) return known;
  // A pod is final only when nothing of the pod runs any more.
  if (!view.containers.some(({ exit }) => !exit)) {
    const final = finalPhase(view);
    if (final) return final;
    const isDeleted = view.pod.metadata.deletionTimestamp !== undefined;
    if (isDeleted && containerStatuses.every(({ state }) => state?.terminated)) {
      return containerStatuses.every(({ state }) => state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
    }
  }
  if (!initialized) return 'Pending';
  // A container that never ran keeps the pod Pending. A container that waits for its next run does not.
  return lasting.some(({ state, lastState }) => state?.waiting && !lastState?.terminated) ? 'Pending' : 'Running';
};

interface ConditionContext {
  readonly phase: string;
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly lasting: readonly ContainerStatus[];
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
  const ready = containersReady(context);
  const findings: Record<string, Finding> = {
    PodReadyToStartContainers: { status: view.sandbox !== undefined },
    Initialized: initializedFinding(context),
    Ready: readyFinding(view.pod, ready),
    ContainersReady: ready,
    PodScheduled: { status: true },
    ...(view.failure?.isDisruption
      ? { [disruptionTarget]: { status: true, reason: 'TerminationByKubelet', message: view.failure.message } }
      : {}),
  };
  const own = Object.entries(findings).map(([type, finding]) => {
    const known = before.find((candidate) => candidate.type === type);
    return condition(type, finding, known, context.now);
  });
  return [...own, ...before.filter(({ type }) => !ownConditions.has(type) && !Object.hasOwn(findings, type))];
};

const containersReady = ({ phase, initialized, lasting }: ConditionContext): Finding => {
  if (phase === 'Succeeded') return { status: false, reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: false, reason: 'PodFailed' };
  const unready = namesOf(lasting.filter(({ ready }) => !ready));
  if (unready === '') return { status: initialized };
  return { status: false, reason: 'ContainersNotReady', message: `containers with unready status: [${unready}]` };
};

/** A pod with readiness gates is ready when its containers are ready and each gate's condition is True. */
const readyFinding = ({ spec, status = {} }: Pod, ready: Finding): Finding => {
  if (!ready.status) return ready;
  const problems = (spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = status.conditions?.find(({ type }) => type === conditionType);
    if (!gate) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (problems.length === 0) return ready;
  return { status: false, reason: 'ReadinessGatesNotReady', message: problems.join(', ') };
};

const initializedFinding = ({ phase, initialized, initContainerStatuses }: ConditionContext): Finding => {
  if (phase === 'Succeeded') return { status: true, reason: 'PodCompleted' };
  if (initialized) return { status: true };
  const incomplete = namesOf(initContainerStatuses.filter(({ ready, started }) => !ready && !started));
  const message = `containers with incomplete status: [${incomplete}]`;
  return { status: false, reason: 'ContainersNotInitialized', message };
};

const namesOf = (statuses: readonly ContainerStatus[]): string => statuses.map(({ name }) => name).join(' ');

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
