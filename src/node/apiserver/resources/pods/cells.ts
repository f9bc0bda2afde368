// A pod's row in tables, as Kubernetes' printers make it.
import { isConditionTrue } from '../../../../api/conditions.ts';
import type { ContainerStatus, Pod, PodStatus } from '../../../../api/core-pods.ts';
import { sidecarsOf } from '../../../../api/pods.ts';
import { ageOf, orNone } from '../cells.ts';

export const podCells = (pod: Pod): unknown[] => {
  const { spec, status = {}, metadata } = pod;
  const summary = summarise(pod);
  const restarts =
    summary.restarts > 0 && summary.lastRestart !== undefined
      ? `${summary.restarts} (${ageOf(summary.lastRestart)} ago)`
      : String(summary.restarts);
  return [
    metadata.name,
    `${summary.ready}/${spec.containers.length + sidecarsOf(spec).length}`,
    summary.reason,
    restarts,
    ageOf(metadata.creationTimestamp),
    orNone(status.podIPs?.[0]?.ip ?? status.podIP),
    orNone(spec.nodeName),
    orNone(status.nominatedNodeName),
    gatesOf(pod),
  ];
};

/** The number of readiness gates whose condition is True, of all readiness gates. */
const gatesOf = ({ spec: { readinessGates = [] }, status = {} }: Pod): string => {
  if (readinessGates.length === 0) return '<none>';
  const open = readinessGates.filter(({ conditionType }) => hasCondition(status, conditionType));
  return `${open.length}/${readinessGates.length}`;
};

const hasCondition = ({ conditions = [] }: PodStatus, type: string): boolean =>
  conditions.some((condition) => condition.type === type && condition.status === 'True');

interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

const summarise = (pod: Pod): Summary => {
  const { status = {}, metadata } = pod;
  const isGated = status.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  const reason = isGated ? 'SchedulingGated' : status.reason || status.phase || '';
  const summary: Summary = { reason, ready: 0, restarts: 0, lastRestart: undefined };
  const initializing = readInit(pod, summary);
  if (!initializing || hasCondition(status, 'Initialized')) readContainers(pod, summary);
  const over = status.phase === 'Succeeded' || status.phase === 'Failed';
  if (metadata.deletionTimestamp !== undefined && status.reason === 'NodeLost') summary.reason = 'Unknown';
  else if (metadata.deletionTimestamp !== undefined && !over) summary.reason = 'Terminating';
  return summary;
};

const count = (summary: Summary, { restartCount, lastState }: ContainerStatus): void => {
  summary.restarts += restartCount;
  const finished = lastState?.terminated?.finishedAt;
  if (finished && finished > (summary.lastRestart ?? '')) summary.lastRestart = finished;
};

const terminatedReason = ({ state }: ContainerStatus): string | undefined => {
  const terminated = state?.terminated;
  if (!terminated) return undefined;
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
};

/** @returns whether an init container has not finished yet, or a sidecar has not started */
const readInit = ({ spec, status = {} }: Pod, summary: Summary): boolean => {
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name));
  for (const [index, container] of (status.initContainerStatuses ?? []).entries()) {
    count(summary, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) summary.ready += 1;
      continue;
    }
    const waiting = container.state?.waiting?.reason;
    const terminated = terminatedReason(container);
    if (terminated !== undefined) summary.reason = `Init:${terminated}`;
    else if (waiting && waiting !== 'PodInitializing') summary.reason = `Init:${waiting}`;
    else summary.reason = `Init:${index}/${spec.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
};

/** Once the pod has initialized, only the restarts of sidecars and containers count. */
const readContainers = ({ spec, status = {} }: Pod, summary: Summary): void => {
  const sidecars = new Set(sidecarsOf(spec).map(({ name }) => name));
  summary.restarts = 0;
  summary.lastRestart = undefined;
  for (const sidecar of status.initContainerStatuses ?? []) if (sidecars.has(sidecar.name)) count(summary, sidecar);
  let running = false;
  for (const container of [...(status.containerStatuses ?? [])].reverse()) {
    count(summary, container);
    const waiting = container.state?.waiting?.reason;
    const terminated = terminatedReason(container);
    if (waiting) summary.reason = waiting;
    else if (terminated !== undefined) summary.reason = terminated;
    else if (container.ready && container.state?.running) {
      running = true;
      summary.ready += 1;
    }
  }
  if (summary.reason !== 'Completed' || !running) return;
  summary.reason = isConditionTrue(status.conditions, 'Ready') ? 'Running' : 'NotReady';
};
