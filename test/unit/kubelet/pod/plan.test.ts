import { describe, expect, test } from 'vitest';
import { planPod } from '../../../../src/node/kubelet/pod/plan.ts';
import type { PodView } from '../../../../src/node/kubelet/pod/view.ts';
import { at, container, now, podWith, record, sandbox, stepsOf, viewOf } from '../builders.ts';

const without = ({ sandbox: _, ...view }: PodView): PodView => view;

describe('a pod that should run', () => {
  test('gets its network first', () => {
    expect(stepsOf(without(viewOf()))).toEqual(['create-sandbox']);
  });

  test('starts all of its containers when the network is there', () => {
    const pod = podWith({ containers: [container({ name: 'a' }), container({ name: 'b' })] });
    expect(stepsOf(viewOf({ pod }))).toEqual(['start a #0', 'start b #0']);
  });

  test('needs no step while all containers run', () => {
    expect(planPod(viewOf({ containers: [record()] }))).toEqual({ steps: [], waiting: new Map() });
  });

  test('runs the init containers one after the other, then the other containers', () => {
    const pod = podWith({ initContainers: [container({ name: 'i1' }), container({ name: 'i2' })] });
    const i1 = record({ id: 'x', name: 'i1' });
    expect(stepsOf(viewOf({ pod }))).toEqual(['start i1 #0']);
    expect(stepsOf(viewOf({ pod, containers: [i1] }))).toEqual([]);
    const ended = record({ id: 'x', name: 'i1', exit: { code: 0 } });
    expect(stepsOf(viewOf({ pod, containers: [ended] }))).toEqual(['start i2 #0']);
    const both = [ended, record({ id: 'y', name: 'i2', exit: { code: 0 } })];
    expect(stepsOf(viewOf({ pod, containers: both }))).toEqual(['start c #0']);
  });

  test('ends its containers and then gets a new network when somebody deleted the network', () => {
    expect(stepsOf(viewOf({ sandboxIntact: false, containers: [record()] }))).toEqual(['stop c #0']);
    const ended = [record({ exit: { code: 143 } })];
    expect(stepsOf(viewOf({ sandboxIntact: false, containers: ended }))).toEqual(['remove-sandbox', 'create-sandbox']);
  });

  test('continues the restart count of the API server’s status after its node restarted', () => {
    const status = {
      containerStatuses: [
        { name: 'c', image: 'web', imageID: '', ready: true, restartCount: 4, containerID: 'crun://old' },
      ],
    };
    expect(stepsOf(viewOf({ pod: podWith({}, { status }) }))).toEqual(['start c #5']);
  });

  test('keeps the records of the last two runs only', () => {
    const containers = [0, 1, 2].map((attempt) => record({ attempt, exit: { finishedAt: at(-1) } }));
    expect(stepsOf(viewOf({ containers: [...containers, record({ attempt: 3 })] }))).toEqual([
      'remove-container c #0',
      'remove-container c #1',
    ]);
  });
});

describe('a container that ended', () => {
  test.each([
    { policy: 'Always' as const, code: 0, want: ['start c #1'] },
    { policy: 'Always' as const, code: 1, want: ['start c #1'] },
    { policy: 'OnFailure' as const, code: 1, want: ['start c #1'] },
    { policy: 'OnFailure' as const, code: 0, want: ['remove-sandbox'] },
    { policy: 'Never' as const, code: 1, want: ['remove-sandbox'] },
  ])('with $code under restartPolicy $policy leads to $want', ({ policy, code, want }) => {
    const pod = podWith({ restartPolicy: policy });
    expect(stepsOf(viewOf({ pod, containers: [record({ exit: { code } })] }))).toEqual(want);
  });

  test('waits in CrashLoopBackOff from the second failure on, doubling from 10 s to 5 min', () => {
    const crashed = (backoffMs: number) => [record({ attempt: 1, backoffMs, exit: { finishedAt: at(-4) } })];
    const plan = planPod(viewOf({ containers: crashed(10_000) }));
    expect(plan.steps).toEqual([]);
    expect(plan.wakeAt).toBe(now + 6000);
    expect(plan.waiting.get('c')).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 10s restarting failed container=c pod=web_default(u1)',
    });
    const due = planPod(viewOf({ containers: crashed(10_000), now: now + 6000 }));
    expect(due.steps[0]).toMatchObject({ do: 'start', attempt: 2, backoffMs: 20_000 });
    const later = planPod(viewOf({ containers: crashed(300_000), now: now + 300_000 }));
    expect(later.steps[0]).toMatchObject({ do: 'start', backoffMs: 300_000 });
  });

  test('restarts at once when it ran for more than ten minutes', () => {
    const containers = [record({ startedAt: at(-700), backoffMs: 300_000, exit: { finishedAt: at(0) } })];
    const plan = planPod(viewOf({ containers }));
    expect(plan.steps[0]).toMatchObject({ do: 'start', attempt: 1, backoffMs: 10_000 });
  });

  test('is not tried again before its retry time', () => {
    const blocked = new Map([['c', { reason: 'ErrImagePull', message: 'no image', retryAt: now + 2000 }]]);
    const plan = planPod(viewOf({ blocked }));
    expect(plan).toMatchObject({ steps: [], wakeAt: now + 2000 });
    expect(plan.waiting.get('c')?.reason).toBe('ErrImagePull');
    expect(stepsOf(viewOf({ blocked, now: now + 2000 }))).toEqual(['start c #0']);
  });
});

describe('a container with a postStart hook', () => {
  const pod = podWith({
    containers: [
      container({ name: 'a', lifecycle: { postStart: { sleep: { seconds: 5 } } } }),
      container({ name: 'b' }),
    ],
  });
  const a = record({ id: 'a0', name: 'a' });

  test('holds up the start of the next container until the hook has succeeded', () => {
    expect(stepsOf(viewOf({ pod }))).toEqual(['start a #0']);
    expect(stepsOf(viewOf({ pod, containers: [a], postStart: new Map([['a0', 'running']]) }))).toEqual([]);
    expect(stepsOf(viewOf({ pod, containers: [a] }))).toEqual(['start b #0']);
  });

  test('ends when the hook has failed', () => {
    const [step] = planPod(viewOf({ pod, containers: [a], postStart: new Map([['a0', 'failed']]) })).steps;
    expect(step).toMatchObject({ do: 'stop', record: { name: 'a' }, graceMs: 30_000, because: 'FailedPostStartHook' });
  });

  test('does not hold up the next container while its image is missing', () => {
    const blocked = new Map([['a', { reason: 'ErrImagePull', message: '', retryAt: now + 2000 }]]);
    expect(stepsOf(viewOf({ pod, blocked }))).toEqual(['start b #0']);
  });
});

describe('a running container', () => {
  test('is restarted when its liveness probe failed', () => {
    const probes = new Map([['c0', { started: true, ready: true, failed: 'liveness' as const }]]);
    const [step] = planPod(viewOf({ containers: [record()], probes })).steps;
    expect(step).toMatchObject({
      do: 'stop',
      graceMs: 30_000,
      because: 'Container c failed liveness probe, will be restarted',
    });
  });

  test('has the grace period of the probe that failed', () => {
    const probe = { exec: { command: ['false'] }, terminationGracePeriodSeconds: 2 };
    const pod = podWith({ containers: [container({ livenessProbe: probe })] });
    const view = (failed: 'liveness' | 'startup') =>
      viewOf({ pod, containers: [record()], probes: new Map([['c0', { started: true, ready: true, failed }]]) });
    expect(planPod(view('liveness')).steps[0]).toMatchObject({ do: 'stop', graceMs: 2000 });
    expect(planPod(view('startup')).steps[0]).toMatchObject({ do: 'stop', graceMs: 30_000 });
  });

  test('is restarted when its image was changed', () => {
    const pod = podWith({ containers: [container({ image: 'db' })] });
    const [step] = planPod(viewOf({ pod, containers: [record()] })).steps;
    expect(step).toMatchObject({ do: 'stop', because: 'Container c definition changed, will be restarted' });
  });
});

describe('a pod that was deleted', () => {
  const deleted = (seconds: number) =>
    podWith({}, { metadata: { deletionTimestamp: at(seconds), deletionGracePeriodSeconds: seconds } });

  test('ends, loses its network, and is then deleted from the API server', () => {
    expect(stepsOf(viewOf({ pod: deleted(30), containers: [record()] }))).toEqual(['stop c #0']);
    const ended = [record({ exit: { code: 143 } })];
    expect(stepsOf(viewOf({ pod: deleted(30), containers: ended }))).toEqual(['remove-sandbox', 'confirm-deleted']);
  });

  test('gets its stop signal when its preStop hook is done, or when its grace period is over', () => {
    const stopping = new Map([['c0', { since: now, killed: false }]]);
    const view = viewOf({ pod: deleted(30), containers: [record()], stopping });
    expect(stepsOf(view)).toEqual(['terminate c #0']);
    const hooked = { ...view, preStop: new Set(['c0']) };
    expect(planPod(hooked)).toMatchObject({ steps: [], wakeAt: now + 30_000 });
    expect(stepsOf({ ...hooked, now: now + 30_000 })).toEqual(['terminate c #0']);
  });

  test('is killed when its grace period is over', () => {
    const stopping = new Map([['c0', { since: now, signalledAt: now, killed: false }]]);
    const waiting = viewOf({ pod: deleted(30), containers: [record()], stopping });
    expect(planPod(waiting)).toMatchObject({ steps: [], wakeAt: now + 30_000 });
    expect(stepsOf({ ...waiting, now: now + 30_000 })).toEqual(['kill c #0']);
  });

  test('is killed earlier when the grace period becomes shorter', () => {
    const stopping = new Map([['c0', { since: now - 5000, signalledAt: now - 5000, killed: false }]]);
    expect(stepsOf(viewOf({ pod: deleted(1), containers: [record()], stopping }))).toEqual(['kill c #0']);
  });

  test('has two seconds between its stop signal and SIGKILL, however long its preStop hook took', () => {
    const stopping = new Map([['c0', { since: now - 5000, signalledAt: now, killed: false }]]);
    const view = viewOf({ pod: deleted(5), containers: [record()], stopping });
    expect(planPod(view)).toMatchObject({ steps: [], wakeAt: now + 2000 });
    expect(stepsOf({ ...view, now: now + 2000 })).toEqual(['kill c #0']);
  });

  test('by force has two seconds to end, and its worker then ends', () => {
    const view = viewOf({ removed: true, containers: [record()] });
    expect(planPod(view).steps[0]).toMatchObject({ do: 'stop', graceMs: 2000 });
    expect(stepsOf(viewOf({ removed: true, sandbox }))).toEqual(['remove-sandbox', 'forget']);
  });

  test('starts nothing when it has no sandbox yet', () => {
    expect(stepsOf(without(viewOf({ pod: deleted(30) })))).toEqual(['confirm-deleted']);
  });
});
