// Limits with cgroup2 alone. The contract tests of the kubelet run on whatever the machine has.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cgroups, openCgroups } from '../../../src/node/sys/cgroup.ts';

const root = 'labs-test';
const file = (name: string): string => `/sys/fs/cgroup/${root}/pod1/c1/${name}`;
const read = (name: string): string => readFileSync(file(name), 'utf8').trim();
let cgroups: Cgroups;
beforeAll(async () => {
  cgroups = await openCgroups({ mounts: '/run/labs-test', root });
});
afterAll(() => cgroups.remove(''));

/** A shell that enters the group before it runs the script. */
const inGroup = (script: string): ChildProcess => {
  const files = cgroups.processFiles('pod1/c1');
  return spawn('sh', ['-c', `for file; do echo 0 > $file; done; ${script}`, 'sh', ...files], { stdio: 'inherit' });
};

test('cgroup2 gives a group limits of memory and CPU, and no swap', async () => {
  expect([...cgroups.controllers]).toEqual(['memory', 'cpu']);
  expect(cgroups.killsWholeGroup).toBe(true);
  expect(cgroups.views('pod1/c1')).toEqual([{ folder: `/sys/fs/cgroup/${root}/pod1/c1`, name: '' }]);
  await cgroups.create('pod1', { cpuRequestMilli: 500 });
  await cgroups.create('pod1/c1', { memoryBytes: 20 * 2 ** 20, cpuLimitMilli: 500, cpuRequestMilli: 250 });
  expect([read('memory.max'), read('memory.oom.group')]).toEqual([String(20 * 2 ** 20), '1']);
  expect([read('cpu.max'), read('cpu.weight')]).toEqual(['50000 100000', '10']);
});

test('the kernel kills all processes of a group that needs too much memory, and counts it', async () => {
  const shell = inGroup('head -c 100000000 /dev/zero | tail | wc -c; sleep 1000');
  const [, signal] = await once(shell, 'exit');
  expect(signal).toBe('SIGKILL');
  expect(await cgroups.oomKills('pod1/c1')).toBeGreaterThan(0);
});

test('the end of a group kills its processes, also those that fork meanwhile, and removes it', async () => {
  const shell = inGroup('step() { step & }; step; step; step; sleep 1000');
  const exit = once(shell, 'exit');
  while (read('cgroup.procs').split('\n').length < 3) await new Promise((resolve) => setImmediate(resolve));
  await cgroups.end('pod1/c1');
  expect((await exit)[1]).toBe('SIGKILL');
  expect(existsSync(file(''))).toBe(false);
  await cgroups.remove('pod1');
});
