// A process of a machine ends while the agent starts a tool in its network namespace, and its number is given away.
import { readlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../src/fabric/run.ts';
import { startMachine, type TestMachine } from './machine.ts';

describe('a tool in the network namespace of a machine', () => {
  let machine: TestMachine;
  beforeAll(async () => {
    machine = await startMachine();
  });
  afterAll(() => machine?.[Symbol.asyncDispose]());

  const where = ['readlink', '/proc/self/ns/net'];
  const path = (): string => `/proc/${machine.pid}/ns/net`;
  const idOf = (netns: string): Promise<string> => readlink(netns);

  test('starts there', async () => {
    const id = await idOf(path());
    const { code, stdout } = await run(where, { netns: { path: path(), id }, timeoutMs: 5000 });
    expect([code, stdout.trim()]).toEqual([0, id]);
  });

  test('does not start where the number leads to another namespace by now', async () => {
    const before = 'net:[4026531833]';
    await expect(run(where, { netns: { path: path(), id: before }, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'FABRIC_NO_MACHINE',
    });
  });

  test("never starts in the engine's own namespace", async () => {
    // Where the test may not see process 1, it may not enter its namespace.
    await expect(run(where, { netns: { path: '/proc/1/ns/net' }, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'FABRIC_NO_MACHINE',
    });
  });

  test('does not start where the process has ended', async () => {
    await expect(run(where, { netns: { path: '/proc/999999999/ns/net' }, timeoutMs: 5000 })).rejects.toMatchObject({
      code: 'FABRIC_NO_MACHINE',
    });
  });
});
