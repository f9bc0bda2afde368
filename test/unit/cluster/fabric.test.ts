import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { AgentError } from '../../../src/fabric/run.ts';
import { connectFabric } from '../../../src/host/cluster/fabric.ts';
import type { ExecSession } from '../../../src/host/docker/port.ts';
import { LabError } from '../../../src/kit/error.ts';
import { World } from './world.ts';

/** A session whose other end is the test itself. */
class Silent extends World {
  readonly session = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    ended: Promise.withResolvers<number>(),
  };
  override async open(): Promise<ExecSession> {
    const { stdin, stdout, stderr, ended } = this.session;
    return { stdin, stdout, stderr, exitCode: ended.promise, resize: async () => {}, close: () => ended.resolve(0) };
  }
}

test('answers are matched to their calls in any order', async () => {
  const world = new Silent();
  const fabric = await connectFabric(world, 'x');
  const asked = [fabric.call('hello', {}), fabric.call('release', {})];
  world.session.stdout.write('{"id":2,"result":{}}\nnot JSON\n{"id":1,"result":{"version":"1"}}\n');
  expect(await Promise.all(asked)).toEqual([{ version: '1' }, {}]);
  fabric.close();
});

test("the agent's errors keep their code", async () => {
  const world = new World();
  const missing = new LabError('X', 'x');
  world.handlers = { hello: () => Promise.reject(missing) };
  await using fabric = await connectFabric(world, 'x');
  await expect(fabric.call('hello', {})).rejects.toMatchObject({ code: 'FABRIC_FAILED', exitCode: 3 });
});

test.each([
  ['connect ECONNREFUSED 192.168.56.10:6443', 'nothing listens at 192.168.56.10:6443'],
  ['the operation timed out', 'https://192.168.56.10:6443/api/v1/pods: the operation timed out'],
])('an API server that does not answer (%s) is no failure of the fabric', async (said, why) => {
  const world = new World();
  const failure = new AgentError('FABRIC_HTTP', `https://192.168.56.10:6443/api/v1/pods: ${said}`);
  world.handlers = { kube: () => Promise.reject(failure) };
  await using fabric = await connectFabric(world, 'x');
  await expect(fabric.call('kube', { path: '/api/v1/pods' })).rejects.toMatchObject({
    code: 'LAB_API_SILENT',
    message: `The API server of x does not answer: ${why}`,
    hint: 'On the control plane, run `systemctl status kube-apiserver`.',
    exitCode: 3,
  });
});

test('a kernel that allows no user namespace is no failure of the fabric', async () => {
  const world = new World();
  const failure = new AgentError('FABRIC_NO_BOOT', 'node01 cannot start: unshare: unshare failed: No space left');
  world.handlers = { boot: () => Promise.reject(failure) };
  await using fabric = await connectFabric(world, 'x');
  await expect(fabric.call('boot', { machines: [] })).rejects.toMatchObject({
    code: 'LAB_NO_USER_NAMESPACE',
    message: expect.stringContaining('node01 cannot start: unshare: unshare failed: No space left'),
    exitCode: 3,
  });
});

test('a call without an answer times out', async () => {
  await using fabric = await connectFabric(new Silent(), 'x');
  await expect(fabric.call('hello', {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'LAB_FABRIC_TIMEOUT' });
});

test('an abort ends a call', async () => {
  await using fabric = await connectFabric(new Silent(), 'x');
  const abort = new AbortController();
  const asked = fabric.call('hello', {}, { signal: abort.signal });
  abort.abort(new Error('interrupted'));
  await expect(asked).rejects.toThrow('interrupted');
});

test('after the end of the agent, open and later calls fail with its last output', async () => {
  const world = new Silent();
  const fabric = await connectFabric(world, 'x');
  const asked = fabric.call('hello', {});
  world.session.stderr.write('out of memory');
  await new Promise((resolve) => setImmediate(resolve));
  world.session.ended.resolve(137);
  const gone = { code: 'LAB_FABRIC_GONE', message: 'The fabric of x does not answer any more: out of memory' };
  await expect(asked).rejects.toMatchObject(gone);
  await expect(fabric.call('hello', {})).rejects.toMatchObject(gone);
});

test('of a crash, only the error is shown, and no line of the bundle', async () => {
  const world = new Silent();
  const fabric = await connectFabric(world, 'x');
  const asked = fabric.call('hello', {});
  world.session.stderr.write(
    `/usr/local/bin/fabric.js:120\n${'a=>b;'.repeat(200)}\n    ^\n\nError: process 7 is not a machine\n    at q (fabric.js:1:2)\n  code: 'X'\n}\n\nNode.js v24\n`,
  );
  await new Promise((resolve) => setImmediate(resolve));
  world.session.ended.resolve(1);
  await expect(asked).rejects.toThrow(/^The fabric of x does not answer any more: Error: process 7 is not a machine$/);
});
