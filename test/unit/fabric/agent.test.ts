import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Handlers, serve } from '../../../src/fabric/agent.ts';

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
