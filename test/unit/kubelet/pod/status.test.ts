import { describe, expect, test } from 'vitest';
import type { PodStatus } from '../../../../src/api/core-pods.ts';
import { planPod } from '../../../../src/node/kubelet/pod/plan.ts';
import { podStatus } from '../../../../src/node/kubelet/pod/status.ts';
import type { PodView } from '../../../../src/node/kubelet/pod/view.ts';
import { at, container, podWith, record, viewOf } from '../builders.ts';

const statusOf = (view: PodView): PodStatus => podStatus(view, planPod(view), { hostIp: '192.168.56.11' });
const ready = new Map([['c0', { started: true, ready: true }]]);
const conditionsOf = (status: PodStatus): Record<string, string> =>
  Object.fromEntries(
    (status.conditions ?? []).map(({ type, status: value, reason }) => [type, reason ? `${value} ${reason}` : value]),
  );

describe('a pod’s status', () => {
  test('is Pending with ContainerCreating before anything exists', () => {
    const { sandbox: _, ...view } = viewOf();
    const status = statusOf(view);
    expect(status).toMatchObject({ phase: 'Pending', hostIP: '192.168.56.11', qosClass: 'BestEffort' });
    expect(status.podIP).toBeUndefined();
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } });
    expect(conditionsOf(status)).toEqual({
      PodReadyToStartContainers: 'False',
      Initialized: 'True',
      Ready: 'False ContainersNotReady',
      ContainersReady: 'False ContainersNotReady',
      PodScheduled: 'True',
    });
  });

  test('is Running with an address when the container is ready', () => {
    const status = statusOf(viewOf({ containers: [record()], probes: ready }));
    expect(status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2', podIPs: [{ ip: '10.244.1.2' }] });
    expect(status.containerStatuses?.[0]).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      containerID: 'crun://c0',
      image: 'docker.io/library/web:latest',
      state: { running: { startedAt: '2026-11-23T11:59:30Z' } },
    });
    expect(conditionsOf(status)).toMatchObject({ Ready: 'True', ContainersReady: 'True', Initialized: 'True' });
  });

  test('names the containers that are not ready', () => {
    const pod = podWith({ containers: [container({ name: 'a' }), container({ name: 'b' })] });
    const messages = statusOf(viewOf({ pod })).conditions?.map(({ message }) => message);
    expect(messages).toContain('containers with unready status: [a b]');
  });

  test('is Pending with PodInitializing while an init container runs', () => {
    const pod = podWith({ initContainers: [container({ name: 'i' })] });
    const status = statusOf(viewOf({ pod, containers: [record({ id: 'x', name: 'i' })] }));
    expect(status.phase).toBe('Pending');
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
    expect(conditionsOf(status).Initialized).toBe('False ContainersNotInitialized');
  });

  test('shows in CrashLoopBackOff how the last run ended', () => {
    const view = viewOf({ containers: [record({ attempt: 1, backoffMs: 10_000, exit: { code: 3 } })] });
    expect(statusOf(view)).toMatchObject({
      phase: 'Running',
      containerStatuses: [
        {
          restartCount: 1,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 3, reason: 'Error' } },
        },
      ],
    });
  });

  test('keeps the time of a condition that did not change', () => {
    const first = statusOf(viewOf({ containers: [record()], probes: ready }));
    const pod = podWith({}, { status: first });
    const later = statusOf(viewOf({ pod, containers: [record()], probes: ready, now: Date.parse(at(60)) }));
    expect(later).toEqual(first);
  });

  test('is not ready before the conditions of its readiness gates are True', () => {
    const gates = { readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] };
    const readiness = (a?: 'True' | 'False', b?: 'True') => {
      const conditions = [
        ...(a ? [{ type: 'example.com/a', status: a }] : []),
        ...(b ? [{ type: 'example.com/b', status: b }] : []),
      ];
      const pod = podWith(gates, { status: { conditions } });
      const status = statusOf(viewOf({ pod, containers: [record()], probes: ready }));
      expect(conditionsOf(status).ContainersReady).toBe('True');
      return status.conditions?.find(({ type }) => type === 'Ready');
    };
    expect(readiness('False')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message:
        'the status of pod readiness gate "example.com/a" is not "True", but False, ' +
        'corresponding condition of pod readiness gate "example.com/b" does not exist.',
    });
    expect(readiness('True', 'True')).toMatchObject({ status: 'True' });
  });

  test('keeps conditions of other writers', () => {
    const gate = { type: 'example.com/gate', status: 'True' as const };
    const status = statusOf(viewOf({ pod: podWith({}, { status: { conditions: [gate] } }) }));
    expect(status.conditions).toContainEqual(gate);
  });

  test.each([
    { policy: 'Never' as const, code: 0, phase: 'Succeeded', ready: 'False PodCompleted' },
    { policy: 'Never' as const, code: 2, phase: 'Failed', ready: 'False PodFailed' },
    { policy: 'OnFailure' as const, code: 0, phase: 'Succeeded', ready: 'False PodCompleted' },
  ])('is $phase after exit code $code under restartPolicy $policy', ({ policy, code, phase, ready: condition }) => {
    const status = statusOf(
      viewOf({ pod: podWith({ restartPolicy: policy }), containers: [record({ exit: { code } })] }),
    );
    expect(status.phase).toBe(phase);
    expect(conditionsOf(status).Ready).toBe(condition);
  });

  test('stays the same when the records of a finished pod are gone', () => {
    const pod = podWith({ restartPolicy: 'Never' });
    const finished = statusOf(viewOf({ pod, containers: [record({ exit: { code: 0 } })] }));
    const { sandbox: _, ...noRecords } = viewOf({ pod: podWith({ restartPolicy: 'Never' }, { status: finished }) });
    expect(statusOf(noRecords).containerStatuses).toEqual(finished.containerStatuses);
  });

  test('shows an unknown exit code for a run that ended with the node’s restart', () => {
    const before = statusOf(viewOf({ containers: [record()], probes: ready }));
    const anew = record({ id: 'new', attempt: 1, sandboxId: 's1' });
    const status = statusOf(viewOf({ pod: podWith({}, { status: before }), containers: [anew] }));
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 255, reason: 'Unknown', containerID: 'crun://c0' } },
    });
  });
});
