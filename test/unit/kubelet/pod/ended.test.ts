// A pod that has ended stays ended, whatever the kubelet still knows about it.
import { describe, expect, test } from 'vitest';
import type { ContainerStatus, PodSpec, PodStatus } from '../../../../src/api/core-pods.ts';
import { planPod } from '../../../../src/node/kubelet/pod/plan.ts';
import { podStatus } from '../../../../src/node/kubelet/pod/status.ts';
import { mergeStatus } from '../../../../src/node/kubelet/pod/status-merge.ts';
import type { PodView } from '../../../../src/node/kubelet/pod/view.ts';
import { container, podWith, record, viewOf } from '../builders.ts';

const without = ({ sandbox: _, ...view }: PodView): PodView => view;
const stepsOf = (view: PodView): string[] =>
  planPod(view).steps.map((step) => ('container' in step ? `${step.do} ${step.container.name}` : step.do));
const statusOf = (view: PodView): PodStatus => podStatus(view, planPod(view), { hostIp: '192.168.56.11' });

const known = (name: string, over: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name,
  image: 'web',
  imageID: 'sha256:aa',
  containerID: `crun://old-${name}`,
  ready: false,
  restartCount: 0,
  ...over,
});
const ran = { running: { startedAt: '2026-11-23T11:00:00Z' } };
const exited = (exitCode: number) => ({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } });

const never: Partial<PodSpec> = { restartPolicy: 'Never' };
const onFailure: Partial<PodSpec> = { restartPolicy: 'OnFailure' };
const two = { containers: [container({ name: 'a' }), container({ name: 'b' })] };

describe('a pod that has ended and lost its sandbox', () => {
  test.each([
    { spec: never, code: 0, phase: 'Succeeded' },
    { spec: never, code: 3, phase: 'Failed' },
    { spec: onFailure, code: 0, phase: 'Succeeded' },
  ])('is $phase after exit code $code, even while the API server has an older phase', ({ spec, code, phase }) => {
    for (const before of ['Pending', 'Running'] as const) {
      const pod = podWith(spec, { status: { phase: before } });
      const view = without(viewOf({ pod, containers: [record({ exit: { code } })] }));
      expect(stepsOf(view)).toEqual([]);
      expect(statusOf(view).phase).toBe(phase);
    }
  });

  test('stays ended when the API server shows an older object, also with restartPolicy Always', () => {
    const pod = podWith({}, { status: { phase: 'Running' } });
    const view = without(viewOf({ pod, ended: 'Failed', containers: [record({ exit: { code: 143 } })] }));
    expect(stepsOf(view)).toEqual([]);
    expect(statusOf(view).phase).toBe('Failed');
  });
});

describe('a status that was computed from an object without statuses of containers', () => {
  test.each(['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const)(
    'leaves the %s of the API server',
    (list) => {
      const pod = podWith(never, { status: { phase: 'Failed', [list]: [known('c', { state: exited(137) })] } });
      expect(mergeStatus(pod, { phase: 'Failed' })[list]).toMatchObject([{ name: 'c', state: exited(137) }]);
    },
  );
});

describe('a pod whose records are gone', () => {
  test('with restartPolicy Never fails if a container ran when the node stopped', () => {
    const status: PodStatus = { phase: 'Running', containerStatuses: [known('c', { state: ran, ready: true })] };
    const view = without(viewOf({ pod: podWith(never, { status }) }));
    expect(stepsOf(view)).toEqual([]);
    expect(statusOf(view)).toMatchObject({
      phase: 'Failed',
      containerStatuses: [
        { ready: false, restartCount: 0, state: { terminated: { exitCode: 255, reason: 'Unknown' } } },
      ],
    });
  });

  test('with restartPolicy Never fails if it had run only a part of its containers', () => {
    const status: PodStatus = {
      phase: 'Pending',
      initContainerStatuses: [known('i', { state: exited(0), ready: true })],
      containerStatuses: [known('c', { containerID: '', state: { waiting: { reason: 'PodInitializing' } } })],
    };
    const pod = podWith({ ...never, initContainers: [container({ name: 'i' })] }, { status });
    const view = without(viewOf({ pod }));
    expect(stepsOf(view)).toEqual([]);
    expect(statusOf(view)).toMatchObject({
      phase: 'Failed',
      initContainerStatuses: [{ ready: true, state: { terminated: { exitCode: 0 } } }],
      containerStatuses: [{ state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } }],
    });
  });

  test('starts if no container ever ran', () => {
    const waiting = { waiting: { reason: 'ContainerCreating' } };
    const status: PodStatus = {
      phase: 'Pending',
      containerStatuses: [known('c', { containerID: '', state: waiting })],
    };
    expect(stepsOf(without(viewOf({ pod: podWith(never, { status }) })))).toEqual(['create-sandbox']);
  });

  test('with restartPolicy OnFailure runs only the containers again that have not succeeded', () => {
    const containerStatuses = [known('a', { state: exited(0) }), known('b', { state: exited(1) })];
    const pod = podWith({ ...onFailure, ...two }, { status: { phase: 'Running', containerStatuses } });
    expect(stepsOf(without(viewOf({ pod })))).toEqual(['create-sandbox']);
    expect(stepsOf(viewOf({ pod }))).toEqual(['start b']);
    expect(statusOf(viewOf({ pod })).containerStatuses).toMatchObject([
      { name: 'a', state: { terminated: { exitCode: 0 } } },
      { name: 'b', lastState: { terminated: { exitCode: 1 } } },
    ]);
  });

  test('with restartPolicy OnFailure has succeeded if all of its containers have', () => {
    const containerStatuses = [known('a', { state: exited(0) }), known('b', { state: exited(0) })];
    const pod = podWith({ ...onFailure, ...two }, { status: { phase: 'Running', containerStatuses } });
    const view = without(viewOf({ pod }));
    expect(stepsOf(view)).toEqual([]);
    expect(statusOf(view).phase).toBe('Succeeded');
  });
});

describe('a pod with several containers', () => {
  test('keeps an ended container ended in a new sandbox, if it succeeded with restartPolicy OnFailure', () => {
    const pod = podWith({ ...onFailure, ...two });
    const a = record({ id: 'a', name: 'a', sandboxId: 'earlier', exit: { code: 0 } });
    const b = record({ id: 'b', name: 'b', sandboxId: 'earlier', exit: { code: 143 } });
    expect(stepsOf(viewOf({ pod, containers: [a, b] }))).toEqual(['start b']);
    expect(statusOf(viewOf({ pod, containers: [a, b] })).containerStatuses?.[0]).toMatchObject({
      name: 'a',
      state: { terminated: { exitCode: 0 } },
    });
  });

  test('runs the init containers again in a new sandbox, because they may have set up the network', () => {
    const pod = podWith({ ...onFailure, initContainers: [container({ name: 'i' })] });
    const i = record({ id: 'i', name: 'i', sandboxId: 'earlier', exit: { code: 0 } });
    const c = record({ id: 'c', sandboxId: 'earlier', exit: { code: 143 } });
    expect(stepsOf(viewOf({ pod, containers: [i, c] }))).toEqual(['start i']);
  });

  test('with restartPolicy Never ends when its network is lost, and gets no second network', () => {
    const pod = podWith({ ...never, ...two });
    const a = record({ id: 'a', name: 'a', exit: { code: 0 } });
    const running = viewOf({ pod, sandboxIntact: false, containers: [a, record({ id: 'b', name: 'b' })] });
    expect(stepsOf(running)).toEqual(['stop']);
    const ended = { ...running, containers: [a, record({ id: 'b', name: 'b', exit: { code: 143 } })] };
    expect(stepsOf(ended)).toEqual(['remove-sandbox']);
    expect(statusOf(ended).phase).toBe('Failed');
  });

  test('ends the containers of a lost sandbox before they start in a new one', () => {
    expect(stepsOf(without(viewOf({ containers: [record()] })))).toEqual(['stop']);
  });
});

test('a liveness probe ends a pod with restartPolicy Never, and its event does not announce a restart', () => {
  const probes = new Map([['c0', { started: true, ready: true, failed: 'liveness' as const }]]);
  const view = viewOf({ pod: podWith(never), containers: [record()], probes });
  expect(planPod(view).steps).toMatchObject([{ do: 'stop', because: 'Container c failed liveness probe' }]);
  const ended = { ...view, containers: [record({ exit: { code: 137 } })] };
  expect(stepsOf(ended)).toEqual(['remove-sandbox']);
});

describe('the status that is written', () => {
  const next: PodStatus = { phase: 'Running', containerStatuses: [known('c', { state: ran })] };

  test('keeps a final phase and its reason', () => {
    const status: PodStatus = { phase: 'Failed', reason: 'Evicted', message: 'too much' };
    expect(mergeStatus(podWith({}, { status }), next)).toMatchObject(status);
  });

  test.each([
    { spec: never, code: 1, keeps: true },
    { spec: onFailure, code: 0, keeps: true },
    { spec: onFailure, code: 1, keeps: false },
    { spec: {}, code: 0, keeps: false },
  ])('keeps exit code $code of a container under $spec: $keeps', ({ spec, code, keeps }) => {
    const status: PodStatus = { phase: 'Running', containerStatuses: [known('c', { state: exited(code) })] };
    const merged = mergeStatus(podWith(spec, { status }), next);
    expect(merged.containerStatuses?.[0]?.state).toEqual(keeps ? exited(code) : ran);
  });

  test('keeps the conditions of other writers as they are now', () => {
    const gate = (status: 'True' | 'False') => ({ type: 'example.com/gate', status });
    const ready = { type: 'Ready', status: 'True' as const };
    const pod = podWith({}, { status: { conditions: [{ ...ready, status: 'False' }, gate('True')] } });
    expect(mergeStatus(pod, { conditions: [ready, gate('False')] }).conditions).toEqual([ready, gate('True')]);
  });
});
