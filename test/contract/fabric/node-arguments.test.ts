import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { nodeArguments } from '../../../src/fabric/node-arguments.ts';

let child: ChildProcess;
afterEach(() => void child.kill());

test('a process that shows another command line has the arguments with which it was started', async () => {
  const script = 'process.title = "kube-proxy -v=6"; console.log("."); setInterval(() => {}, 1e6)';
  const words = ['--max-semi-space-size=2', '-e', script, '--', '--config=x', ''];
  child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  expect(await readFile(`/proc/${child.pid}/cmdline`, 'utf8')).toMatch(/^kube-proxy -v=6\0+$/);
  expect(await nodeArguments(child.pid ?? 0)).toEqual([process.execPath, ...words]);
});

test('a program other than Node has none', async () => {
  child = spawn('sh', ['-c', 'echo .; read line', 'sh', '/usr/local/lib/labs/kube-proxy.js']);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  expect(await nodeArguments(child.pid ?? 0)).toBeUndefined();
});
