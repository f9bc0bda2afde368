import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pod } from '../../../../src/api/core-pods.ts';
import { configMaps, pods } from '../../../../src/api/resources.ts';
import { createFakeRuntime, type FakeRuntime } from '../../../support/fake-runtime.ts';
import { startTestKubelet, type TestKubelet } from '../../../support/kubelet.ts';
import { createMemoryClient } from '../../../support/memory-client.ts';

const podsFolder = mkdtempSync(join(tmpdir(), 'labs-kubelet-'));
let stop: AbortController;
let runtime: FakeRuntime;
let node: TestKubelet;

const begin = async (fake = createFakeRuntime(), client = createMemoryClient()): Promise<void> => {
  stop = new AbortController();
  runtime = fake;
  node = await startTestKubelet({ runtime, podsFolder, signal: stop.signal, client });
};
beforeEach(() => begin());
afterEach(() => stop.abort());
afterAll(() => rmSync(podsFolder, { recursive: true, force: true, maxRetries: 5 }));

const stateOf = (name: string) => node.pod(name)?.status?.containerStatuses?.[0];

describe('a pod’s life', () => {
  test('goes from creation to Ready, with the original kubelet’s events', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    expect(node.pod('web')?.status).toMatchObject({ phase: 'Running', podIP: '10.244.1.2' });
    expect(node.events).toEqual([
      'Normal Pulled: Container image "busybox" already present on machine',
      'Normal Created: Created container: c',
      'Normal Started: Started container c',
    ]);
  });

  test('is reported again as it is when somebody else has written its status', async () => {
    const pod = await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const before = node.pod('web')?.status;
    for (const forged of [
      { podIP: '10.244.9.9' },
      { podIPs: [{ ip: '10.244.9.9' }] },
      { hostIP: '192.168.56.99' },
      { containerStatuses: before?.containerStatuses?.map((status) => ({ ...status, ready: false })) ?? [] },
    ]) {
      const current = node.pod('web') ?? pod;
      await node.client.updateStatus(pods, { ...current, status: { ...current.status, ...forged } });
      await node.until(`${JSON.stringify(forged)} is corrected`, () =>
        isDeepStrictEqual(node.pod('web')?.status, before),
      );
    }
  });

  test('ends with its deletion: the container, the network and the Pod object are gone', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    await node.deleteGracefully('web', 30);
    await node.until('web is gone', () => node.pod('web') === undefined && node.syncLoop.workers.size === 0);
    expect(runtime.signals.map(({ signal }) => signal)).toEqual(['TERM']);
    expect([runtime.containers(), runtime.sandboxes()]).toEqual([[], []]);
    expect(node.events).toContain('Normal Killing: Stopping container c');
  });

  test('kills a program that ignores SIGTERM when the grace period is over', async () => {
    stop.abort();
    await begin(createFakeRuntime({ ignoresTerm: true }));
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    await node.deleteGracefully('web', 1);
    await node.until('web is gone', () => node.pod('web') === undefined);
    expect(runtime.signals.map(({ signal }) => signal)).toEqual(['TERM', 'KILL']);
  });

  test('shares no container with a later pod of the same name', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const first = node.pod('web')?.metadata.uid;
    await node.client.delete(pods, { namespace: 'default', name: 'web' });
    await node.create('web');
    await node.until('the new web is ready', () => node.readyStatus('web') === 'True');
    await node.until('the old web is gone', () => runtime.containers().length === 1);
    expect(runtime.containers()[0]?.pod.uid).not.toBe(first);
  });
});

test('a pod that was missing in one list of pods gets a worker again', async () => {
  await node.create('web');
  await node.until('web is ready', () => node.readyStatus('web') === 'True');
  const web = node.pod('web');
  if (!web) throw new Error('web is missing');
  await node.client.delete(pods, { namespace: 'default', name: 'web' });
  await node.client.create(pods, web);
  await node.until('web runs again', () => runtime.specs.length === 2 && runtime.containers().length === 1);
  expect(node.syncLoop.workers.size).toBe(1);
});

describe('when something fails', () => {
  test('a container restarts at once after its first crash, and waits after its second crash', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    runtime.exit(runtime.containers()[0]?.id ?? '', 1);
    await node.until('web was restarted', () => stateOf('web')?.restartCount === 1 && stateOf('web')?.ready === true);
    expect(stateOf('web')?.lastState?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
    runtime.exit(runtime.containers().at(-1)?.id ?? '', 1);
    await node.until('web waits', () => stateOf('web')?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(node.events.at(-1)).toMatch(/^Warning BackOff: Back-off restarting failed container=c pod=web_default/);
  });

  test('a pod waits for a missing image and starts when the image is there', async () => {
    node.missingImages.add('nginx');
    await node.create('web', { containers: [{ name: 'c', image: 'nginx' }] });
    await node.until(
      'the image is reported as missing',
      () => stateOf('web')?.state?.waiting?.reason === 'ErrImagePull',
    );
    node.missingImages.clear();
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
  });

  test('the status and an event say why a program cannot start', async () => {
    runtime.failNextStart(new Error('executable file `x` not found'));
    await node.create('web');
    await node.until('the start failed', () => stateOf('web')?.state?.waiting?.reason === 'RunContainerError');
    expect(stateOf('web')?.state?.waiting?.message).toContain('executable file `x` not found');
    expect(node.events).toContain('Warning Failed: Error: executable file `x` not found');
  });

  test('a pod gets a new network when somebody deleted its network', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const [first] = runtime.sandboxes();
    runtime.breakSandbox(first?.id ?? '');
    node.syncLoop.trigger(first?.pod.uid ?? '');
    await node.until('web runs again', () => stateOf('web')?.restartCount === 1 && node.readyStatus('web') === 'True');
    expect(runtime.sandboxes().map(({ id }) => id)).not.toContain(first?.id);
  });

  test('a pod waits for the ConfigMap of its volume', async () => {
    const volumes = [{ name: 'v', configMap: { name: 'late' } }];
    await node.create('web', { volumes });
    const missed = 'Warning FailedMount: MountVolume.SetUp failed for volume "v" : configmap "late" not found';
    await node.until('the ConfigMap is reported as missing', () => node.events.includes(missed));
    await node.client.create(configMaps, { metadata: { name: 'late', namespace: 'default' }, data: { a: '1' } });
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
  });
});

describe('a pod that never restarts', () => {
  test('runs once, even if its end reaches the API server later than the removal of its sandbox', async () => {
    stop.abort();
    const held = Promise.withResolvers<void>();
    const client = createMemoryClient();
    const slow = async (...args: Parameters<typeof client.updateStatus>) => {
      if ((args[1] as Pod).status?.phase === 'Succeeded') await held.promise;
      return client.updateStatus(...args);
    };
    await begin(createFakeRuntime(), { ...client, updateStatus: slow as typeof client.updateStatus });
    await node.create('job', { restartPolicy: 'Never' });
    await node.until('job is ready', () => node.readyStatus('job') === 'True');
    const uid = node.pod('job')?.metadata.uid ?? '';
    runtime.exit(runtime.containers()[0]?.id ?? '', 0);
    await node.until('the sandbox is gone', () => runtime.sandboxes().length === 0);
    node.syncLoop.trigger(uid);
    held.resolve();
    await node.until('job has succeeded', () => node.pod('job')?.status?.phase === 'Succeeded');
    expect(runtime.specs).toHaveLength(1);
    expect(runtime.sandboxes()).toEqual([]);
  });
});

describe('a pod with a deadline', () => {
  test('fails when it was active for too long, and says so when its containers have ended', async () => {
    await node.create('web', { activeDeadlineSeconds: 1 });
    await node.until('web has failed', () => node.pod('web')?.status?.phase === 'Failed');
    const message = 'Pod was active on the node longer than the specified deadline';
    expect(node.pod('web')?.status).toMatchObject({ reason: 'DeadlineExceeded', message });
    expect(node.events).toContain(`Normal DeadlineExceeded: ${message}`);
    expect(runtime.containers().every(({ exit }) => exit)).toBe(true);
  });
});

describe('a kubelet that restarts', () => {
  test('keeps the containers of the earlier kubelet', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const { client } = node;
    stop.abort();
    stop = new AbortController();
    node = await startTestKubelet({ runtime, podsFolder, signal: stop.signal, client });
    await node.until('the worker is there', () => node.syncLoop.workers.size === 1);
    expect(runtime.containers()).toHaveLength(1);
    expect(runtime.signals).toEqual([]);
    expect(stateOf('web')?.restartCount).toBe(0);
  });

  test('continues the pause after a crash', async () => {
    await node.create('web');
    for (const count of [1, 2]) {
      await node.until('web runs', () => runtime.specs.length === count && node.readyStatus('web') === 'True');
      runtime.exit(runtime.containers().at(-1)?.id ?? '', 1);
    }
    await node.until('web waits', () => stateOf('web')?.state?.waiting?.reason === 'CrashLoopBackOff');
    const { client } = node;
    stop.abort();
    stop = new AbortController();
    node = await startTestKubelet({ runtime, podsFolder, signal: stop.signal, client });
    const warning = /^Warning BackOff: Back-off restarting failed container=c/;
    await node.until('the new kubelet waits, too', () => node.events.some((event) => warning.test(event)));
    expect(runtime.specs).toHaveLength(2);
    expect(stateOf('web')?.state?.waiting?.message).toContain('back-off 10s');
  });

  test('ends containers of pods that are gone', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const { client } = node;
    stop.abort();
    stop = new AbortController();
    await client.delete(pods, { namespace: 'default', name: 'web' });
    node = await startTestKubelet({ runtime, podsFolder, signal: stop.signal, client });
    await node.until('nothing is left', () => runtime.containers().length + runtime.sandboxes().length === 0);
  });

  test('ends containers of pods that are deleted while it cleans up', async () => {
    await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const { client } = node;
    stop.abort();
    stop = new AbortController();
    const collectGarbage = async (): Promise<void> => {
      await client.delete(pods, { namespace: 'default', name: 'web' });
      // The informer handles the deletion before this call returns.
      await new Promise((resolve) => setImmediate(resolve));
    };
    node = await startTestKubelet({ runtime: { ...runtime, collectGarbage }, podsFolder, signal: stop.signal, client });
    await node.until('nothing is left', () => runtime.containers().length + runtime.sandboxes().length === 0);
  });

  test('asks for a pod’s earlier address', async () => {
    const status = { podIP: '10.244.1.77' };
    await node.client.create(pods, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { nodeName: 'node01', containers: [{ name: 'c', image: 'busybox' }] },
      status,
    });
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    expect(node.pod('web')?.status?.podIP).toBe('10.244.1.77');
  });
});

describe('a pod that the node does not want', () => {
  test('is rejected for good when it asks for more than the node has', async () => {
    const resources = { requests: { cpu: '3' } };
    await node.create('big', { containers: [{ name: 'c', image: 'busybox', resources }] });
    await node.until('big has failed', () => node.pod('big')?.status?.phase === 'Failed');
    const message = "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000";
    const status = node.pod('big')?.status;
    expect(status).toMatchObject({ reason: 'OutOfcpu', message: `Pod was rejected: ${message}` });
    expect(status?.containerStatuses).toBeUndefined();
    expect(node.events).toEqual([`Warning OutOfcpu: ${message}`]);
    expect([runtime.specs, runtime.sandboxes()]).toEqual([[], []]);
    await node.create('web', { containers: [{ name: 'c', image: 'busybox', resources: { requests: { cpu: '2' } } }] });
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
  });

  test('is evicted for good: its containers end, and none starts again', async () => {
    const pod = await node.create('web');
    await node.until('web is ready', () => node.readyStatus('web') === 'True');
    const text = { message: 'too much. ', event: 'too much. ' };
    const failure = { reason: 'Evicted', ...text, isDisruption: true, graceMs: 0 };
    node.syncLoop.workers.get(pod.metadata.uid ?? '')?.fail(failure);
    await node.until('web has failed', () => node.pod('web')?.status?.phase === 'Failed');
    expect(node.pod('web')?.status).toMatchObject({ reason: 'Evicted', message: 'too much. ' });
    expect(stateOf('web')?.state?.terminated).toBeDefined();
    expect(runtime.specs).toHaveLength(1);
    expect(node.events).toContain('Warning Evicted: too much. ');
    const target = node.pod('web')?.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    expect(target).toMatchObject({ status: 'True', reason: 'TerminationByKubelet', message: 'too much. ' });
  });

  test('waits without a sandbox when its full host name is too long', async () => {
    await node.create('web', { setHostnameAsFQDN: true, hostname: 'h'.repeat(40), subdomain: 'sub' });
    const says = '(64 characters is the max, 70 characters requested)';
    await node.until('an event says so', () => node.events.some((event) => event.endsWith(says)));
    await node.until('web is Pending', () => node.pod('web')?.status?.phase === 'Pending');
  });
});
