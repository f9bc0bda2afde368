import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const size = 1_000_000;
const main = new URL('../../../src/host/cli/main.ts', import.meta.url).pathname;

/** `labs --version`, after a text that is larger than every buffer of a pipe. */
const start = (stream: 'stdout' | 'stderr') => {
  const before = `data:text/javascript,process.${stream}.write("x".repeat(${size}))`;
  return spawn(process.execPath, ['--import', before, main, '--version'], { stdio: ['ignore', 'pipe', 'pipe'] });
};

test.each(['stdout', 'stderr'] as const)('whatever a slow reader has not read of %s is written', async (stream) => {
  const child = start(stream);
  const other = stream === 'stdout' ? child.stderr : child.stdout;
  other.resume();
  const closed = once(child, 'close');
  let read = 0;
  for await (const chunk of child[stream]) {
    read += (chunk as Buffer).length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(read).toBeGreaterThanOrEqual(size);
  expect((await closed)[0]).toBe(0);
});

test('a reader that goes away ends labs without an error', async () => {
  const child = start('stdout');
  child.stdout.once('data', () => child.stdout.destroy());
  let problems = '';
  child.stderr.on('data', (chunk: Buffer) => {
    problems += chunk.toString();
  });
  const [code] = await once(child, 'close');
  expect({ code, problems }).toEqual({ code: 0, problems: '' });
});
