import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileOutcome } from '../../../src/api/facts.ts';
import { readMachineFile } from '../../../src/fabric/read-file.ts';
import { startMachine, type TestMachine } from './machine.ts';

let machine: TestMachine;
let outside: string;

beforeAll(async () => {
  machine = await startMachine();
  outside = await mkdtemp(join(tmpdir(), 'labs-outside-'));
  await writeFile(join(outside, 'secret'), 'outside of the machine');
});
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  await rm(outside, { recursive: true });
});

const read = (path: string, tailBytes = 1000): Promise<FileOutcome> =>
  readMachineFile({ machine: 'm', pid: machine.pid, path, tailBytes });

test('reads a file', async () => {
  expect(await read('/etc/hostname')).toEqual({ exists: true, content: 'machine\n', size: 8, truncated: false });
});

test('a missing file does not exist', async () => {
  expect(await read('/etc/nothing')).toEqual({ exists: false });
  expect(await read('/etc/hostname/below')).toEqual({ exists: false });
});

test('reads the end of a long file', async () => {
  await machine.sh('seq 1 100000 > /tmp/long');
  expect(await read('/tmp/long', 6)).toEqual({
    exists: true,
    content: '00000\n'.slice(-6),
    size: 588_895,
    truncated: true,
  });
});

test('follows symbolic links inside the machine', async () => {
  await machine.sh(
    'ln -sfn /etc/hostname /tmp/absolute; ln -sfn ../etc/hostname /tmp/relative; ln -sfn /etc /tmp/folder',
  );
  for (const path of ['/tmp/absolute', '/tmp/relative', '/tmp/folder/hostname', '/tmp/../etc/./hostname'])
    expect(await read(path), path).toMatchObject({ content: 'machine\n' });
});

test.each([
  ['an absolute link to a file outside', () => `ln -sfn ${outside}/secret /tmp/link`, '/tmp/link'],
  ['an absolute link to a folder outside', () => `ln -sfn ${outside} /tmp/link`, '/tmp/link/secret'],
  ['many steps up', () => `mkdir -p /tmp/d; ln -sfn ../../../../../../../..${outside}/secret /tmp/link`, '/tmp/link'],
  ["the kernel's link to another process's root", () => 'ln -sfn /proc/1/root /tmp/link', '/tmp/link/../../etc/shadow'],
])('%s does not lead out of the machine', async (_, script, path) => {
  await machine.sh(script());
  expect(await read(path)).toEqual({ exists: false });
});

test('never leads out of the machine when a folder is replaced by a link during the read', async () => {
  await machine.sh(`mkdir -p /tmp/race${outside} /tmp/race/in; echo inside > /tmp/race/in/secret`);
  const swapping = machine.background(
    `cd /tmp/race; while :; do mv in kept; ln -s ${outside} in; rm in; mv kept in; done`,
  );
  try {
    const seen = await Promise.all(Array.from({ length: 300 }, () => read('/tmp/race/in/secret')));
    for (const outcome of seen) if (outcome.exists) expect(outcome.content).toBe('inside\n');
  } finally {
    swapping.kill('SIGKILL');
  }
});

test('a path with a loop of links does not exist', async () => {
  await machine.sh('ln -sfn /tmp/b /tmp/a; ln -sfn /tmp/a /tmp/b');
  expect(await read('/tmp/a')).toEqual({ exists: false });
});

test('a FIFO without a writer or a device does not block the agent', async () => {
  await machine.sh('rm -f /tmp/fifo; mkfifo /tmp/fifo');
  const nothing = { exists: true, content: '', size: 0, truncated: false };
  expect(await read('/tmp/fifo')).toEqual(nothing);
  expect(await read('/dev/null')).toEqual(nothing);
  expect(await read('/etc')).toEqual(nothing);
});

test("reads the kernel's files, which have size 0", async () => {
  expect(await read('/proc/1/comm')).toMatchObject({ content: 'sleep\n', truncated: false });
});

test('a path must be absolute', async () => {
  await expect(read('etc/hostname')).rejects.toThrow('not an absolute path');
});

test('reports a machine that has stopped', async () => {
  const gone = { machine: 'm', pid: 2 ** 22 + 1, path: '/etc/hostname', tailBytes: 10 };
  await expect(readMachineFile(gone)).rejects.toMatchObject({ code: 'FABRIC_NO_MACHINE' });
});
