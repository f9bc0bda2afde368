// Tests of the scheduler. They run against the fake client and against the real API server.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Pod } from '../../src/api/core-pods.ts';
import { events, nodes, pods } from '../../src/api/resources.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import type { Client } from '../../src/node/client/types.ts';
import { runScheduler } from '../../src/node/scheduler/scheduler.ts';
import { ensureNamespace, type SuiteServer, silent } from './controllers-suite.ts';
import { aNode, aPodSpec } from './objects.ts';

/** Declares the tests. `start` starts a new server for each test. */
export const schedulerSuite = (start: () => Promise<SuiteServer>): void => {
  let server: SuiteServer;
  let client: Client;
  let stopping: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await start();
    client = server.client;
    stopping = new AbortController();
    await ensureNamespace(client, 'default');
    running = runScheduler({ client, logger: silent, signal: stopping.signal });
  });
  afterEach(async () => {
    stopping?.abort();
    await running.catch(() => {});
    await server?.stop();
  });

  const create = (name: string, spec: Partial<Pod['spec']> = {}) =>
    client.create(pods, { metadata: { name, namespace: 'default', labels: { app: name } }, spec: aPodSpec(spec) });
  const until = (condition: string, name: string, holds: (pod: Pod) => boolean): Promise<Pod> =>
    eventually(
      condition,
      async () => {
        const pod = await client.get(pods, { name, namespace: 'default' });
        return holds(pod) ? done(pod) : notYet(JSON.stringify(pod));
      },
      { timeoutMs: 30_000, intervalMs: 2, maxIntervalMs: 5 },
    );
  const isBound = ({ spec }: Pod): boolean => spec.nodeName !== undefined;
  const eventOf = (name: string, reason: string) =>
    eventually(
      `the event ${reason}`,
      async () => {
        const { items } = await client.list(events, { namespace: 'default' });
        const event = items.find((item) => item.involvedObject.name === name && item.reason === reason);
        return event ? done(event) : notYet(JSON.stringify(items));
      },
      { timeoutMs: 30_000, intervalMs: 5 },
    );

  test('binds a pod after its last scheduling gate was removed', async () => {
    await client.create(nodes, aNode('node01'));
    await create('gated', { schedulingGates: [{ name: 'example.com/wait' }] });
    // A pod that comes later and is bound shows that the scheduler has passed over the gated pod.
    await create('later');
    await until('the later pod is bound', 'later', isBound);
    const gated = await client.get(pods, { name: 'gated', namespace: 'default' });
    expect(gated.spec.nodeName).toBeUndefined();
    await client.update(pods, { ...gated, spec: { ...gated.spec, schedulingGates: [] } });
    await until('the pod is bound', 'gated', isBound);
  });

  test('binds a new pod, and records a condition and an Event', async () => {
    await client.create(nodes, aNode('node01'));
    await create('web');
    const pod = await until('the pod is bound', 'web', isBound);
    expect(pod.spec.nodeName).toBe('node01');
    expect(pod.status?.conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }));
    const event = await eventOf('web', 'Scheduled');
    expect(event).toMatchObject({ type: 'Normal', message: 'Successfully assigned default/web to node01' });
  });

  test('reports why a pod fits on no node, and binds the pod when a suitable node is added', async () => {
    await create('web');
    const pod = await until('the condition is set', 'web', ({ status }) =>
      (status?.conditions ?? []).some(({ type }) => type === 'PodScheduled'),
    );
    expect(pod.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }),
    );
    expect(await eventOf('web', 'FailedScheduling')).toMatchObject({
      type: 'Warning',
      message: 'no nodes available to schedule pods',
    });
    await client.create(nodes, aNode('node01'));
    await until('the pod is bound', 'web', isBound);
  });

  test('never puts too many pods on a node, also if twenty pods are created at once', async () => {
    await client.create(nodes, aNode('node01'));
    await client.create(nodes, aNode('node02'));
    const containers = [{ name: 'main', image: 'web', resources: { requests: { cpu: '250m' } } }];
    await Promise.all(Array.from({ length: 20 }, (_, index) => create(`web-${index}`, { containers })));
    await eventually(
      'sixteen pods are bound and four wait',
      async () => {
        const { items } = await client.list(pods, { namespace: 'default' });
        const bound = items.filter(isBound).length;
        const waits = items.filter(({ status }) =>
          status?.conditions?.some(({ reason }) => reason === 'Unschedulable'),
        );
        return bound === 16 && waits.length === 4 ? done(true) : notYet(`${bound} bound, ${waits.length} waiting`);
      },
      { timeoutMs: 30_000, intervalMs: 5 },
    );
    const { items } = await client.list(pods, { namespace: 'default' });
    expect(items.filter(({ spec }) => spec.nodeName === 'node01')).toHaveLength(8);
  });

  test('deletes a pod of lower priority for one that fits nowhere else, and keeps the room for it', async () => {
    await client.create(nodes, aNode('node01'));
    const asking = (cpu: string) => ({
      containers: [{ name: 'main', image: 'web', resources: { requests: { cpu } } }],
    });
    await create('small', asking('1500m'));
    await until('the small pod is bound', 'small', isBound);
    await create('urgent', { ...asking('1'), priorityClassName: 'system-cluster-critical', priority: 2_000_000_000 });
    expect(await eventOf('small', 'Preempted')).toMatchObject({
      type: 'Normal',
      message: expect.stringMatching(/^Preempted by pod \S+ on node node01$/),
    });
    const small = await client.get(pods, { name: 'small', namespace: 'default' });
    expect(small.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }),
    );
    const urgent = await until(
      'a node is nominated',
      'urgent',
      ({ status }) => status?.nominatedNodeName !== undefined,
    );
    expect(urgent.status?.nominatedNodeName).toBe('node01');
    // The kubelet would end the victim now.
    await client.delete(pods, { name: 'small', namespace: 'default' }, { gracePeriodSeconds: 0 }).catch(() => {});
    await create('late', asking('1500m'));
    await until('the urgent pod is bound', 'urgent', isBound);
    const late = await until('the late pod waits', 'late', ({ status }) =>
      (status?.conditions ?? []).some(({ reason }) => reason === 'Unschedulable'),
    );
    expect(late.spec.nodeName).toBeUndefined();
  });

  test('ignores pods of another scheduler and pods that already name a node', async () => {
    await create('other', { schedulerName: 'mine' });
    await create('placed', { nodeName: 'node09' });
    await client.create(nodes, aNode('node01'));
    await create('web');
    await until('the pod is bound', 'web', isBound);
    expect((await client.get(pods, { name: 'other', namespace: 'default' })).spec.nodeName).toBeUndefined();
    expect((await client.get(pods, { name: 'placed', namespace: 'default' })).spec.nodeName).toBe('node09');
  });
};
