import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../../../../src/api/core-pods.ts';
import { planPod } from '../../../../src/node/kubelet/pod/plan.ts';
import { podStatus } from '../../../../src/node/kubelet/pod/status.ts';
import type { PodView } from '../../../../src/node/kubelet/pod/view.ts';
import { at, container, podWith, record, stepsOf, viewOf } from '../builders.ts';

const debugged = (over: Partial<PodSpec> = {}) =>
  podWith({ ephemeralContainers: [{ name: 'd', image: 'toolbox', targetContainerName: 'c' }], ...over });
const image = 'docker.io/library/toolbox:latest';
const debugger0 = record({ id: 'd0', name: 'd', image });
const ended = record({ id: 'd0', name: 'd', image, exit: { code: 1, finishedAt: at(-1) } });
const statusOf = (view: PodView) => podStatus(view, planPod(view), { hostIp: '192.168.56.11' });

describe('an ephemeral container', () => {
  test('starts in a pod that runs, and in a pod whose init container hangs', () => {
    expect(stepsOf(viewOf({ pod: debugged(), containers: [record()] }))).toEqual(['start d #0']);
    const pod = debugged({ initContainers: [container({ name: 'i' })] });
    expect(stepsOf(viewOf({ pod, containers: [record({ id: 'i0', name: 'i' })] }))).toEqual(['start d #0']);
  });

  test('never runs again, whatever the pod’s restart policy says', () => {
    expect(stepsOf(viewOf({ pod: debugged(), containers: [record(), ended] }))).toEqual([]);
    const elsewhere = { ...ended, sandboxId: 'old' };
    expect(stepsOf(viewOf({ pod: debugged(), containers: [record(), elsewhere] }))).toEqual([]);
  });

  test('does not run again when its record is gone', () => {
    const before = statusOf(viewOf({ pod: debugged(), containers: [record(), debugger0] }));
    const pod = podWith(debugged().spec, { status: before });
    expect(stepsOf(viewOf({ pod, containers: [record()] }))).toEqual([]);
  });

  test('has a status, and does not count for the pod’s phase and readiness', () => {
    const probes = new Map([['c0', { started: true, ready: true }]]);
    const status = statusOf(viewOf({ pod: debugged(), containers: [record(), ended], probes }));
    expect(status.phase).toBe('Running');
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(status.ephemeralContainerStatuses).toMatchObject([
      { name: 'd', ready: false, restartCount: 0, state: { terminated: { exitCode: 1 } } },
    ]);
  });

  test('ends with its pod', () => {
    const pod = debugged({ restartPolicy: 'Never' });
    const containers = [record({ exit: { code: 0 } }), debugger0];
    expect(stepsOf(viewOf({ pod, containers }))).toEqual(['stop d #0']);
    expect(statusOf(viewOf({ pod, containers })).phase).toBe('Running');
    expect(statusOf(viewOf({ pod, containers: [record({ exit: { code: 0 } }), ended] })).phase).toBe('Succeeded');
  });
});
