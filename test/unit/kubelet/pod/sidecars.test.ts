import { describe, expect, test } from 'vitest';
import type { PodSpec, PodStatus } from '../../../../src/api/core-pods.ts';
import { planPod } from '../../../../src/node/kubelet/pod/plan.ts';
import { podStatus } from '../../../../src/node/kubelet/pod/status.ts';
import type { PodView } from '../../../../src/node/kubelet/pod/view.ts';
import type { ProbeState } from '../../../../src/node/kubelet/probe/prober.ts';
import { at, container, now, podWith, record, stepsOf, viewOf } from '../builders.ts';

const sidecar = (name: string) => container({ name, restartPolicy: 'Always' });
const inits = [sidecar('s1'), container({ name: 'i' }), sidecar('s2')];
const served = (over: Partial<PodSpec> = {}) => podWith({ initContainers: inits, ...over });

const s1 = record({ id: 's1-0', name: 's1' });
const i = record({ id: 'i-0', name: 'i', exit: { code: 0 } });
const s2 = record({ id: 's2-0', name: 's2' });
const main = record();
const started = new Map(['s1-0', 's2-0', 'c0'].map((id) => [id, { started: true, ready: true }]));
const statusOf = (view: PodView): PodStatus => podStatus(view, planPod(view), { hostIp: '192.168.56.11' });
const conditionOf = (status: PodStatus, type: string) => status.conditions?.find((one) => one.type === type);

describe('a pod with sidecars', () => {
  test('starts each init container after the sidecar before it has started, and the containers last', () => {
    const pod = served();
    expect(stepsOf(viewOf({ pod }))).toEqual(['start s1 #0']);
    const unstarted = new Map([['s1-0', { started: false, ready: false }]]);
    expect(stepsOf(viewOf({ pod, containers: [s1], probes: unstarted }))).toEqual([]);
    expect(stepsOf(viewOf({ pod, containers: [s1], probes: started }))).toEqual(['start i #0']);
    expect(stepsOf(viewOf({ pod, containers: [s1, i], probes: started }))).toEqual(['start s2 #0']);
    expect(stepsOf(viewOf({ pod, containers: [s1, i, s2], probes: started }))).toEqual(['start c #0']);
    expect(stepsOf(viewOf({ pod, containers: [s1, i, s2, main], probes: started }))).toEqual([]);
  });

  test('waits for the postStart hook of a sidecar', () => {
    const view = viewOf({
      pod: served(),
      containers: [s1],
      probes: started,
      postStart: new Map([['s1-0', 'running']]),
    });
    expect(stepsOf(view)).toEqual([]);
  });

  test.each(['Always', 'OnFailure', 'Never'] as const)(
    'restarts a sidecar that ended, with restartPolicy %s',
    (policy) => {
      const ended = record({ id: 's1-0', name: 's1', exit: { code: 0, finishedAt: at(-1) } });
      const view = viewOf({
        pod: served({ restartPolicy: policy }),
        containers: [ended, i, s2, main],
        probes: started,
      });
      expect(stepsOf(view)).toEqual(['start s1 #1']);
    },
  );

  test('goes on with its start while an earlier sidecar waits for its restart', () => {
    const crashed = record({ id: 's1-1', name: 's1', attempt: 1, backoffMs: 10_000, exit: { finishedAt: at(-4) } });
    const plan = planPod(viewOf({ pod: served(), containers: [crashed, i], probes: started }));
    expect(plan.waiting.get('s1')?.reason).toBe('CrashLoopBackOff');
    expect(stepsOf(viewOf({ pod: served(), containers: [crashed, i], probes: started }))).toEqual(['start s2 #0']);
    expect(stepsOf(viewOf({ pod: served(), containers: [crashed, i, s2], probes: started }))).toEqual(['start c #0']);
  });

  test('restarts a sidecar whose liveness probe failed', () => {
    const probes = new Map<string, ProbeState>(started).set('s1-0', { started: true, ready: true, failed: 'liveness' });
    const [step] = planPod(viewOf({ pod: served(), containers: [s1, i, s2, main], probes })).steps;
    expect(step).toMatchObject({ do: 'stop', because: 'Init container s1 failed liveness probe' });
  });

  test('stops its sidecars in reverse order after its containers have ended', () => {
    const pod = podWith(
      { initContainers: inits },
      { metadata: { deletionTimestamp: at(30), deletionGracePeriodSeconds: 30 } },
    );
    const all = viewOf({ pod, containers: [s1, i, s2, main] });
    expect(stepsOf(all)).toEqual(['stop s1 #0', 'stop s2 #0', 'stop c #0']);
    const stopping = new Map([s1, s2, main].map(({ id }) => [id, { since: now, killed: false }]));
    expect(stepsOf({ ...all, stopping })).toEqual(['terminate c #0']);
    const ended = record({ exit: { code: 143 } });
    expect(stepsOf({ ...all, stopping, containers: [s1, i, s2, ended] })).toEqual(['terminate s2 #0']);
    const s2Ended = record({ id: 's2-0', name: 's2', exit: { code: 143 } });
    expect(stepsOf({ ...all, stopping, containers: [s1, i, s2Ended, ended] })).toEqual(['terminate s1 #0']);
    expect(stepsOf({ ...all, stopping, now: now + 30_000 })).toEqual([
      'terminate s1 #0',
      'terminate s2 #0',
      'terminate c #0',
    ]);
  });

  test.each([
    { policy: 'Never' as const, code: 0, phase: 'Succeeded' },
    { policy: 'Never' as const, code: 3, phase: 'Failed' },
    { policy: 'OnFailure' as const, code: 0, phase: 'Succeeded' },
  ])('with $policy is $phase after $code, when its sidecars have ended', ({ policy, code, phase }) => {
    const pod = served({ restartPolicy: policy });
    const ended = record({ exit: { code } });
    const view = viewOf({ pod, containers: [s1, i, s2, ended], probes: started });
    expect(stepsOf(view)).toEqual(['stop s1 #0', 'stop s2 #0']);
    expect(statusOf(view).phase).toBe('Running');
    const over = [s1, s2].map((one) => ({ ...one, exit: { code: 143, finishedAt: at(0) } }));
    const last = viewOf({ pod, containers: [...over, i, ended] });
    expect(stepsOf(last)).toEqual(['remove-sandbox']);
    expect(statusOf(last).phase).toBe(phase);
  });

  test('starts its sidecars again in a new sandbox', () => {
    const old = [s1, i, s2, main].map((one) => ({ ...one, sandboxId: 'old', exit: { code: 255, finishedAt: at(0) } }));
    expect(stepsOf(viewOf({ pod: served(), containers: old }))).toEqual(['start s1 #1']);
  });
});

describe('the status of a pod with sidecars', () => {
  test('has ready and started for each sidecar, and is Ready when the sidecars are ready, too', () => {
    const status = statusOf(viewOf({ pod: served(), containers: [s1, i, s2, main], probes: started }));
    expect(status.initContainerStatuses).toMatchObject([
      { name: 's1', ready: true, started: true },
      { name: 'i', ready: true, started: false },
      { name: 's2', ready: true, started: true },
    ]);
    expect(conditionOf(status, 'Ready')?.status).toBe('True');
    const unready = new Map([...started, ['s2-0', { started: true, ready: false }]]);
    const other = statusOf(viewOf({ pod: served(), containers: [s1, i, s2, main], probes: unready }));
    expect(other.phase).toBe('Running');
    expect(conditionOf(other, 'Ready')).toMatchObject({
      status: 'False',
      message: 'containers with unready status: [s2]',
    });
  });

  test('is not initialized until all sidecars have started', () => {
    const status = statusOf(viewOf({ pod: served(), containers: [s1], probes: started }));
    expect(status.phase).toBe('Pending');
    expect(conditionOf(status, 'Initialized')).toMatchObject({
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [i s2]',
    });
  });

  test('stays initialized and Running while a sidecar restarts', () => {
    const ended = record({ id: 's1-0', name: 's1', attempt: 1, backoffMs: 10_000, exit: { finishedAt: at(-1) } });
    const status = statusOf(viewOf({ pod: served(), containers: [ended, i, s2, main], probes: started }));
    expect(status.phase).toBe('Running');
    expect(conditionOf(status, 'Initialized')?.status).toBe('True');
    expect(status.initContainerStatuses?.[0]?.state?.waiting?.reason).toBe('CrashLoopBackOff');
  });
});

test('a container whose postStart hook runs is not running yet', () => {
  const pod = podWith({ containers: [container({ lifecycle: { postStart: { sleep: { seconds: 5 } } } })] });
  const status = statusOf(viewOf({ pod, containers: [record()], postStart: new Map([['c0', 'running']]) }));
  expect(status.phase).toBe('Pending');
  expect(status.containerStatuses?.[0]).toMatchObject({
    ready: false,
    state: { waiting: { reason: 'ContainerCreating' } },
  });
});
