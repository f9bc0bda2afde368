import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { LifecycleHandler } from '../../../../src/api/core-pods.ts';
import { done, eventually, notYet } from '../../../../src/kit/eventually.ts';
import { createHooks } from '../../../../src/node/kubelet/pod/hooks.ts';
import { createFakeRuntime } from '../../../support/fake-runtime.ts';
import { silentLogger } from '../../../support/kubelet.ts';
import { container, podWith, record } from '../builders.ts';

/** A container whose commands fail if they are `false`. */
const setUp = (hook: LifecycleHandler) => {
  const events: string[] = [];
  let ends = 0;
  const runtime = createFakeRuntime();
  const hooks = createHooks(
    {
      runtime: {
        ...runtime,
        exec: async (_, [command]) => ({ code: command === 'false' ? 1 : 0, stdout: '', stderr: 'secret' }),
      },
      events: {
        pod: () => {},
        container: (_, name, type, reason, message) => events.push(`${name} ${type} ${reason}: ${message}`),
      },
      nodeIp: '127.0.0.1',
      logger: silentLogger,
    },
    () => {
      ends += 1;
    },
  );
  const target = {
    pod: podWith(),
    container: container({ lifecycle: { postStart: hook, preStop: hook } }),
    record: record(),
  };
  const until = (condition: string, look: () => boolean): Promise<void> =>
    eventually(condition, () => (look() ? done(undefined) : notYet(JSON.stringify(events))), {
      timeoutMs: 5000,
      intervalMs: 2,
    });
  return { hooks, target, events, ends: () => ends, until };
};

describe('a hook', () => {
  test('is listed while it runs, and not after it has succeeded', async () => {
    const { hooks, target, events, ends, until } = setUp({ exec: { command: ['true'] } });
    hooks.runPostStart(target);
    hooks.runPreStop(target, 1000);
    expect([hooks.postStart.get('c0'), hooks.preStop.has('c0')]).toEqual(['running', true]);
    await until('both hooks have ended', () => ends() === 2);
    expect([hooks.postStart.size, hooks.preStop.size, events]).toEqual([0, 0, []]);
  });

  test('that fails leads to an event without the output, which may hold secrets', async () => {
    const { hooks, target, events, ends, until } = setUp({ exec: { command: ['false'] } });
    hooks.runPostStart(target);
    hooks.runPreStop(target, 1000);
    await until('both hooks have ended', () => ends() === 2);
    expect(hooks.postStart.get('c0')).toBe('failed');
    expect(events.sort()).toEqual([
      'c Warning FailedPostStartHook: PostStartHook failed',
      'c Warning FailedPreStopHook: PreStopHook failed',
    ]);
  });

  test('that sleeps before a stop ends with the grace period, and does not begin without one', async () => {
    const { hooks, target, events, ends, until } = setUp({ sleep: { seconds: 3600 } });
    hooks.runPreStop(target, 0);
    expect(hooks.preStop.size).toBe(0);
    hooks.runPreStop(target, 10);
    await until('the hook has ended', () => ends() === 1);
    expect(events).toEqual([]);
  });

  test('that sends a request succeeds with any answer, and fails without an answer', async () => {
    const server = createServer((_, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answered = setUp({ httpGet: { port } });
    answered.hooks.runPostStart(answered.target);
    await answered.until('the hook has ended', () => answered.ends() === 1);
    server.close();
    const refused = setUp({ httpGet: { port: 1 } });
    refused.hooks.runPostStart(refused.target);
    await refused.until('the hook has ended', () => refused.ends() === 1);
    expect([answered.events.length, refused.events.length]).toEqual([0, 1]);
  });

  test('of a container that has ended is forgotten', async () => {
    const { hooks, target } = setUp({ sleep: { seconds: 3600 } });
    hooks.runPostStart(target);
    hooks.keepOnly(new Set());
    expect(hooks.postStart.size).toBe(0);
  });
});
