// Tests that every container runtime passes: the fake one, and the real one with crun and CNI.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import type {
  ContainerRecord,
  ContainerSpec,
  Runtime,
  Sandbox,
  SandboxSpec,
} from '../../src/node/kubelet/runtime/runtime.ts';

/** A runtime whose calls are all asynchronous, because the real runtime runs in another process. */
export type Remote = {
  readonly [K in Exclude<keyof Runtime, 'onExit'>]: Runtime[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

export const sandboxSpec = (name: string, over: Partial<SandboxSpec> = {}): SandboxSpec => ({
  pod: { namespace: 'default', name, uid: `uid-${name}` },
  hostNetwork: false,
  portMappings: [],
  ...over,
});

/** A command that ends on SIGTERM. The first process of a container ignores SIGTERM without a handler. */
export const untilTerminated = ['sh', '-c', 'trap "exit 143" TERM; while :; do sleep 3600 & wait; done'];

export const containerSpecOf = (sandbox: Sandbox, over: Partial<ContainerSpec> = {}): ContainerSpec => ({
  pod: sandbox.pod,
  sandboxId: sandbox.id,
  name: 'c',
  attempt: 0,
  backoffMs: 0,
  image: { reference: 'docker.io/library/busybox:latest', digest: 'sha256:busybox', size: 1, config: {} },
  args: untilTerminated,
  env: ['PATH=/bin', 'GREETING=hello'],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [] },
  hostname: sandbox.pod.name,
  mounts: [],
  privileged: false,
  addCapabilities: [],
  dropCapabilities: [],
  noNewPrivileges: false,
  readOnlyRoot: false,
  terminal: false,
  stdin: false,
  stdinOnce: false,
  stopSignal: 'TERM',
  sysctls: {},
  limits: {},
  podLimits: {},
  oomScoreAdj: 0,
  terminationMessagePath: '/dev/termination-log',
  messageFromLog: false,
  ...over,
});

export const findContainer = async (runtime: Remote, id: string): Promise<ContainerRecord | undefined> =>
  (await runtime.containers()).find((record) => record.id === id);

/** @returns the ended container */
export const ended = (runtime: Remote, id: string): Promise<ContainerRecord> =>
  eventually(
    'the container ended',
    async () => {
      const record = await findContainer(runtime, id);
      return record?.exit ? done(record) : notYet(JSON.stringify(record));
    },
    { timeoutMs: 30_000, intervalMs: 5, maxIntervalMs: 50 },
  );

/** Sends SIGTERM until the container ends, because the process ignores the signal until it has set its handler. */
export const terminated = (runtime: Remote, id: string): Promise<ContainerRecord> =>
  eventually(
    'the container ended',
    async () => {
      await runtime.signal(id, 'TERM');
      const record = await findContainer(runtime, id);
      return record?.exit ? done(record) : notYet('still running');
    },
    { timeoutMs: 30_000, intervalMs: 50 },
  );

export interface RuntimeUnderTest {
  readonly runtime: Remote;
  restartNode(): Promise<void>;
}

export const runtimeContract = (name: string, start: () => Promise<RuntimeUnderTest>): void => {
  describe(`the runtime contract: ${name}`, () => {
    let runtime: Remote;
    let restartNode: () => Promise<void>;
    beforeAll(async () => {
      ({ runtime, restartNode } = await start());
    });
    afterAll(async () => {
      for (const { id, exit } of await runtime.containers()) {
        if (!exit) await runtime.signal(id, 'KILL');
        await ended(runtime, id);
        await runtime.removeContainer(id);
      }
      for (const { id } of await runtime.sandboxes()) await runtime.removeSandbox(id);
    });

    test('gives each sandbox its own network namespace and address', async () => {
      const [a, b] = [await runtime.createSandbox(sandboxSpec('a')), await runtime.createSandbox(sandboxSpec('b'))];
      expect(a.netns).toMatch(/^\/run\/netns\/cni-/);
      expect(a.ip).toMatch(/^10\.244\.1\.\d+$/);
      expect(a.ip).not.toBe(b.ip);
      expect(await runtime.sandboxIntact(a.id)).toBe(true);
    });

    test('gives a sandbox on the node’s network no namespace and no address', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('host', { hostNetwork: true }));
      expect(sandbox.netns).toBeUndefined();
      expect(sandbox.ip).toBeUndefined();
      expect(await runtime.sandboxIntact(sandbox.id)).toBe(true);
    });

    test('gives a sandbox the preferred address, or another address if it is taken or outside of the subnet', async () => {
      const first = await runtime.createSandbox(sandboxSpec('p1', { preferredIp: '10.244.1.200' }));
      const second = await runtime.createSandbox(sandboxSpec('p2', { preferredIp: '10.244.1.200' }));
      const outside = await runtime.createSandbox(sandboxSpec('p3', { preferredIp: '172.16.0.1' }));
      expect(first.ip).toBe('10.244.1.200');
      expect(second.ip).not.toBe('10.244.1.200');
      expect(outside.ip).toMatch(/^10\.244\.1\./);
    });

    test('removes a sandbox, and ignores a second removal', async () => {
      const { id } = await runtime.createSandbox(sandboxSpec('gone'));
      await runtime.removeSandbox(id);
      await runtime.removeSandbox(id);
      expect((await runtime.sandboxes()).map((sandbox) => sandbox.id)).not.toContain(id);
      expect(await runtime.sandboxIntact(id)).toBe(false);
    });

    test('runs a container until SIGTERM, and records its exit code', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('run'));
      const record = await runtime.startContainer(containerSpecOf(sandbox));
      expect(record).toMatchObject({
        name: 'c',
        attempt: 0,
        sandboxId: sandbox.id,
        pod: sandbox.pod,
        image: 'docker.io/library/busybox:latest',
      });
      expect((await findContainer(runtime, record.id))?.exit).toBeUndefined();
      expect((await terminated(runtime, record.id)).exit).toMatchObject({ code: 143 });
      await runtime.signal(record.id, 'TERM');
    });

    test('ends a container with SIGKILL', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('kill'));
      const { id } = await runtime.startContainer(containerSpecOf(sandbox));
      await runtime.signal(id, 'KILL');
      expect((await ended(runtime, id)).exit?.code).toBe(137);
    });

    test('keeps an ended container until it is removed, and refuses to remove a running container', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('remove'));
      const { id } = await runtime.startContainer(containerSpecOf(sandbox));
      await expect(runtime.removeContainer(id)).rejects.toThrow('is running');
      await runtime.signal(id, 'KILL');
      await ended(runtime, id);
      await runtime.removeContainer(id);
      expect(await findContainer(runtime, id)).toBeUndefined();
    });

    test('records the exit code of a program that ends at once', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('short'));
      const { id } = await runtime.startContainer(containerSpecOf(sandbox, { args: ['false'] }));
      expect((await ended(runtime, id)).exit).toMatchObject({ code: 1 });
    });

    test('keeps the records of containers when the node restarts, and no sandbox', async () => {
      const sandbox = await runtime.createSandbox(sandboxSpec('reboot'));
      const short = await runtime.startContainer(containerSpecOf(sandbox, { name: 'short', args: ['false'] }));
      const long = await runtime.startContainer(
        containerSpecOf(sandbox, { name: 'long', attempt: 3, backoffMs: 20_000 }),
      );
      const before = (await ended(runtime, short.id)).exit;
      await restartNode();
      expect(await runtime.sandboxes()).toEqual([]);
      expect((await findContainer(runtime, short.id))?.exit).toEqual(before);
      expect((await findContainer(runtime, long.id))?.exit).toMatchObject({ code: 255, unknown: true });
      expect(await findContainer(runtime, long.id)).toMatchObject({ attempt: 3, backoffMs: 20_000 });
      const own = (await runtime.containers()).filter(({ pod }) => pod.uid === 'uid-reboot');
      expect(own.map((record) => record.name)).toEqual(['short', 'long']);
      await runtime.removeContainer(long.id);
      await restartNode();
      expect(await findContainer(runtime, long.id)).toBeUndefined();
    });

    test('refuses a container without a sandbox', async () => {
      const sandbox = { id: 'none', pod: sandboxSpec('x').pod, createdAt: '' };
      await expect(runtime.startContainer(containerSpecOf(sandbox))).rejects.toThrow('sandbox none does not exist');
    });
  });
};
