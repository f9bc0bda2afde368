// The control groups of a machine on an engine with cgroup2. The contract tests boot with what their machine has.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { delegateGroups, leaveGroups } from '../../../src/fabric/groups.ts';

const ids = 1 << 20;
const engine = '/sys/fs/cgroup/engine';
const container = `${engine}/c1`;
const own = `${container}/labs-machine-labs-x-node01`;
const machine = { machine: 'node01', group: 'labs-x-node01', ids };
const memory = 64 << 20;

let launcher: ChildProcess;
let child: ChildProcess;

const groupOf = ({ pid }: ChildProcess): string =>
  readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().replace('0::', '/sys/fs/cgroup');

/** Runs a script as root of the machine, as it is outside. @returns its exit code and what it says of a failure */
const asRoot = (script: string) => {
  const user = [`--reuid=${ids}`, `--regid=${ids}`, '--clear-groups'];
  const { status, stderr } = spawnSync('setpriv', [...user, 'sh', '-c', script], { encoding: 'utf8' });
  return { status, stderr };
};

beforeAll(() => {
  // As the engine does it: controllers for its groups, and a group with limits for each container.
  mkdirSync(container, { recursive: true });
  for (const group of ['/sys/fs/cgroup', engine]) writeFileSync(`${group}/cgroup.subtree_control`, '+memory +pids');
  writeFileSync(`${container}/memory.max`, String(memory));
  [launcher, child] = [spawn('sleep', ['600']), spawn('sleep', ['600'])];
  for (const { pid } of [launcher, child]) writeFileSync(`${container}/cgroup.procs`, String(pid));
});

afterAll(async () => {
  for (const each of [launcher, child]) {
    const ended = once(each, 'exit');
    each.kill('SIGKILL');
    await ended;
  }
  execFileSync('find', [container, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
  rmdirSync(engine);
});

test('the machine gets a group with the controllers of its container, whose other processes stay outside', async () => {
  await delegateGroups({ ...machine, pid: child.pid ?? 0, launcher: launcher.pid ?? 0 });
  expect([groupOf(child), groupOf(launcher)]).toEqual([own, `${container}/labs-outside`]);
  expect(readFileSync(`${own}/cgroup.controllers`, 'utf8').trim().split(' ')).toEqual(
    expect.arrayContaining(['memory', 'pids']),
  );
  for (const file of ['', '/cgroup.procs', '/cgroup.subtree_control']) expect(statSync(`${own}${file}`).uid).toBe(ids);
});

test('root of the machine divides its group once nobody else is in it', async () => {
  await leaveGroups(machine.group, [child.pid ?? 0]);
  expect(groupOf(child)).toBe(`${container}/labs-outside`);
  const divide = [
    `mkdir ${own}/pod`,
    `echo +memory > ${own}/cgroup.subtree_control`,
    `echo 1048576 > ${own}/pod/memory.max`,
  ];
  expect(asRoot(divide.join(' && '))).toEqual({ status: 0, stderr: '' });
});

test.each([
  ['lift the limit of its container', `echo max > ${container}/memory.max`],
  ['lift the limit of its own group', `echo max > ${own}/memory.max`],
  ['make a group beside its own', `mkdir ${container}/other`],
  ['move itself out of its container', `echo $$ > ${engine}/cgroup.procs`],
])('root of the machine cannot %s', (_, script) => {
  const { status, stderr } = asRoot(script);
  expect([status === 0, stderr]).toEqual([false, expect.stringMatching(/Permission denied/)]);
  expect(readFileSync(`${container}/memory.max`, 'utf8').trim()).toBe(String(memory));
});
