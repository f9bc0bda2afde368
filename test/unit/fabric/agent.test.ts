import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Handlers, nameFailures, serve } from '../../../src/fabric/agent.ts';
import { AgentError } from '../../../src/fabric/run.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('an answer that was sent is not kept', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let kept: WeakRef<object> | undefined;
  const health = async () => {
    const answer = { status: 200, body: 'x'.repeat(1000) };
    kept = new WeakRef(answer);
    return answer;
  };
  const serving = serve({ health } as unknown as Handlers, input, output);
  input.write('{"id":1,"method":"health","params":{}}\n');
  await new Promise((resolve) => output.once('data', resolve));
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(kept).toBeDefined();
  expect(kept?.deref()).toBeUndefined();
  input.end();
  await serving;
});

test('a failure that nobody waits for is named in one line, and only an exception ends the agent', () => {
  const said: string[] = [];
  const ended: number[] = [];
  const failing = Object.assign(new EventEmitter(), { exit: (code: number) => ended.push(code) });
  const fail = nameFailures(failing as Parameters<typeof nameFailures>[0], (line) => said.push(line));
  failing.emit('unhandledRejection', new AgentError('FABRIC_NO_MACHINE', 'it has stopped\nat a.js:1'));
  expect(ended).toEqual([]);
  failing.emit('uncaughtException', new Error('broken pipe'));
  fail(new Error('no socket'));
  expect(ended).toEqual([1, 1]);
  expect(said).toEqual([
    'a failure that nobody waited for: FABRIC_NO_MACHINE: it has stopped\n',
    'the agent failed: broken pipe\n',
    'the agent failed: no socket\n',
  ]);
});

test('a result that cannot be sent is a failure of its request', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const serving = serve({ hello: async () => ({ version: 1n }) } as unknown as Handlers, input, output);
  input.write('{"id":1,"method":"hello","params":{}}\n');
  const line = await new Promise((resolve) => output.once('data', resolve));
  expect(JSON.parse(String(line))).toMatchObject({ id: 1, error: { code: 'FABRIC_FAILED' } });
  input.end();
  await serving;
});
