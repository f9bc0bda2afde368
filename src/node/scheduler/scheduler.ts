// The scheduling loop: each pod without a node gets a node, or a condition and an Event with the reason.

import type { Namespace, Node, Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { conditionsOfDisruption } from '../../api/disruption.ts';
import type { Condition } from '../../api/meta.ts';
import { namespaces, nodes, pods, services } from '../../api/resources.ts';
import { timestamp } from '../../api/time.ts';
import type { Logger } from '../../kit/logger.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import { isConflict, isNotFound } from '../client/error.ts';
import { createEventRecorder, type EventRecorder } from '../client/events.ts';
import { createInformer } from '../client/informer.ts';
import { type Client, type Informer, keyOf } from '../client/types.ts';
import type { Candidate } from './preempt.ts';
import { type Decision, schedule } from './schedule.ts';
import { buildSnapshot, place, type Snapshot } from './snapshot.ts';

export const schedulerName = 'default-scheduler';

export interface SchedulerOptions {
  readonly client: Client;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Scheduler {
  readonly client: Client;
  readonly logger: Logger;
  readonly recorder: EventRecorder;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly services: Informer<Service>;
  readonly namespaces: Informer<Namespace>;
  /** Bound pods that the cache does not show as bound yet: uid → node. */
  readonly assumed: Map<string, string>;
}

/** Schedules until the signal aborts. */
export const runScheduler = async (options: SchedulerOptions): Promise<void> => {
  const { client, logger, signal } = options;
  const scheduler: Scheduler = {
    client,
    logger,
    recorder: createEventRecorder(client, { component: schedulerName, logger }),
    pods: createInformer(client, pods, { signal, logger }),
    nodes: createInformer(client, nodes, { signal, logger }),
    services: createInformer(client, services, { signal, logger }),
    namespaces: createInformer(client, namespaces, { signal, logger }),
    assumed: new Map(),
  };
  await Promise.all([
    scheduler.pods.synced,
    scheduler.nodes.synced,
    scheduler.services.synced,
    scheduler.namespaces.synced,
  ]);
  const loop = startReconciler({
    sync: () => scheduleAll(scheduler),
    onError: (error, retryInMs) => logger.error('Scheduling failed', error, { retryInMs }),
    signal,
    backoffMs: 20,
    maxBackoffMs: 1000,
  });
  scheduler.pods.onChange((before, after) => {
    const uid = (after ?? before)?.metadata.uid ?? '';
    if (!after || after.spec.nodeName) scheduler.assumed.delete(uid);
    if (isWaiting(after) || makesRoom(before, after)) loop.trigger();
  });
  scheduler.namespaces.onChange((before, after) => {
    const labels = ({ metadata }: Namespace): string => JSON.stringify(metadata.labels);
    if (before && after && labels(before) !== labels(after)) loop.trigger();
  });
  scheduler.nodes.onChange((before, after) => {
    if (schedulingFields(before) !== schedulingFields(after)) loop.trigger();
  });
  loop.trigger();
  await loop.stopped;
};

const isWaiting = (pod: Pod | undefined): boolean =>
  pod !== undefined &&
  !pod.spec.nodeName &&
  (pod.spec.schedulerName ?? schedulerName) === schedulerName &&
  pod.metadata.deletionTimestamp === undefined &&
  ((pod.spec as { schedulingGates?: unknown[] }).schedulingGates ?? []).length === 0;

/** Whether the change of a pod may make room for another pod: a deletion, a new phase or new labels. */
const makesRoom = (before: Pod | undefined, after: Pod | undefined): boolean =>
  before !== undefined &&
  (after === undefined ||
    before.status?.phase !== after.status?.phase ||
    JSON.stringify(before.metadata.labels) !== JSON.stringify(after.metadata.labels));

/** The fields of a node that affect scheduling. Heartbeats do not. */
const schedulingFields = (node: Node | undefined): string =>
  JSON.stringify([node?.spec, node?.metadata.labels, node?.status?.allocatable, node?.metadata.deletionTimestamp]);

const scheduleAll = async (scheduler: Scheduler): Promise<void> => {
  const waiting = [...scheduler.pods.items.values()].filter(
    (pod) => isWaiting(pod) && !scheduler.assumed.has(pod.metadata.uid ?? ''),
  );
  if (waiting.length === 0) return;
  const snapshot = buildSnapshot(scheduler.nodes.items.values(), scheduler.pods.items.values(), {
    placed: scheduler.assumed,
    namespaces: scheduler.namespaces.items.values(),
  });
  const steps = waiting.sort(byPriority).map((pod) => {
    const decision = schedule(pod, snapshot, scheduler.services.items.values());
    if ('unschedulable' in decision) {
      reserve(pod, decision.preemption, snapshot);
      return explain(pod, decision, scheduler);
    }
    place(pod, decision.info);
    return bind(pod, decision.info.node.metadata.name, scheduler);
  });
  const results = await Promise.allSettled(steps);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

/** No pod of lower priority takes the room that a pod waits for on its nominated node. */
const reserve = (pod: Pod, preemption: Candidate | undefined, { nodes }: Snapshot): void => {
  const name = preemption?.info.node.metadata.name ?? pod.status?.nominatedNodeName;
  const info = nodes.find(({ node }) => node.metadata.name === name);
  if (info) place(pod, info);
};

const byPriority = (a: Pod, b: Pod): number =>
  (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
  Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
  (keyOf(a) < keyOf(b) ? -1 : 1);

const bind = async (pod: Pod, node: string, { client, assumed, recorder, logger }: Scheduler): Promise<void> => {
  const { name, namespace = '', uid = '' } = pod.metadata;
  assumed.set(uid, node);
  try {
    await client.createSubresource(pods, { name, namespace }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    });
  } catch (error) {
    assumed.delete(uid);
    // Another program has bound or deleted the pod. The watch will show this.
    if (isConflict(error) || isNotFound(error)) return;
    throw error;
  }
  recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${keyOf(pod)} to ${node}`);
  logger.info(2, 'Successfully bound pod to node', { pod: keyOf(pod), node });
};

type Failure = Extract<Decision, { unschedulable: string }>;

/** Writes the reason only when it changes, not after each change in the cluster. */
const explain = async (pod: Pod, failure: Failure, scheduler: Scheduler): Promise<void> => {
  const { unschedulable: message, preemption } = failure;
  const { client, recorder, logger } = scheduler;
  const { name, namespace = '' } = pod.metadata;
  const conditions = pod.status?.conditions ?? [];
  const isKnown = conditions.some((condition) => condition.type === 'PodScheduled' && condition.message === message);
  if (isKnown && !preemption) return;
  const transition = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const now = timestamp();
  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: transition?.lastTransitionTime ?? now,
  };
  const others = conditions.filter(({ type }) => type !== 'PodScheduled');
  recorder.event(pod, 'Warning', 'FailedScheduling', message);
  logger.info(2, 'Unable to schedule pod; no fit; waiting', { pod: keyOf(pod), err: message });
  try {
    const nominated = preemption && { nominatedNodeName: preemption.info.node.metadata.name };
    const status = { conditions: [...others, condition], ...nominated };
    await client.patch(pods, { name, namespace }, { status }, { subresource: 'status' });
    if (preemption) await evict(pod, preemption, scheduler);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
};

/** Deletes the victims. Their grace periods pass before the pod gets their room. */
const evict = async (pod: Pod, { info, victims }: Candidate, scheduler: Scheduler): Promise<void> => {
  const { client, recorder, logger } = scheduler;
  const node = info.node.metadata.name;
  for (const victim of victims) {
    const { name, namespace = '', uid = '' } = victim.metadata;
    if (victim.metadata.deletionTimestamp) continue;
    try {
      const conditions = conditionsOfDisruption(victim.status, 'PreemptionByScheduler');
      await client.patch(
        pods,
        { name, namespace },
        { metadata: { uid }, status: { conditions } },
        { subresource: 'status' },
      );
      await client.delete(pods, { name, namespace }, { uid });
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) continue;
      throw error;
    }
    recorder.event(victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${node}`);
    logger.info(2, 'Preemptor pod preempted victim pod', { preemptor: keyOf(pod), victim: keyOf(victim), node });
  }
};
