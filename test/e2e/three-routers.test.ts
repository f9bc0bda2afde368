// A lab with routers and hosts: faults of routes are seen, solved, and come back after a restart of the machines.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { isLong } from '../support/runs.ts';
import { containersOf, labs, type Ran } from './cli-support.ts';
import { ok, reportOf } from './graded-lab.ts';

const name = `e2e-routers-${process.pid}`;
const lab = fileURLToPath(new URL('../fixtures/labs/three-routers', import.meta.url));
let state: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });
/** What a command printed. */
const out = async (...argv: string[]): Promise<string> => (await ok(run(...argv))).stdout;
const start = () => ok(labs(['start', lab, '--name', name, '--yes'], { env: { XDG_STATE_HOME: state } }));
const sh = (machine: string, script: string) => out('shell', machine, '--', 'sh', '-euc', script);
const grade = (): Promise<Report> => reportOf(run('grade', '--json'));

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await start();
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
});

test('the missing route costs all points, and the symptom names no router', async () => {
  const report = await grade();
  expect(report).toMatchObject({ score: 0, broken: false });
  const observed = report.tasks[0]?.checks.find(({ id }) => id === 'path')?.observed;
  expect(observed).toBe('from h1, the answers of 192.168.56.10:6443 do not arrive');
});

test('the topology shows every network, and the trace of the model agrees with a real packet', async () => {
  expect(await out('topology')).toMatch(
    /^r2-r3 {2}10\.0\.23\.0\/30\n├─ eth1 {2}r2 {2}10\.0\.23\.1\/30\n└─ eth0 {2}r3/m,
  );
  const { exitCode, stdout } = await run('trace', 'h2', 'controlplane:6443', '--json');
  expect(exitCode, stdout).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ arrives: true, ways: [{ end: { machine: 'controlplane' } }] });
});

test('nothing has a way out of the lab', async () => {
  await sh('r3', 'ip route add default via 192.168.56.1');
  expect(await sh('h2', 'nc -z -w 1 192.0.2.1 53 || echo no way')).toContain('no way');
  await sh('r3', 'ip route delete default');
});

test('the solutions give all points', async () => {
  await ok(run('solve', '--yes'));
  expect(await grade()).toMatchObject({ score: 5, maxScore: 5 });
});

test('a restarted router gets its links and its routes again, and is a router again', async () => {
  const id = `labs-${name}-r3`;
  await sh('r3', 'sysctl -w net.ipv4.ip_forward=0');
  await execa('docker', ['restart', '--time', '1', id]);
  await ok(run('status'));
  expect(await sh('r3', 'ip -4 -brief address; ip route; cat /proc/sys/net/ipv4/ip_forward')).toMatch(
    /eth2\S+ +UP +192\.168\.56\.203\/24.*10\.1\.0\.0\/24 via 10\.0\.23\.1.*\n1$/s,
  );
});

test('a stop and a start build the same networks, and do what was done by hand again', async () => {
  const seen = async () => JSON.parse(await out('topology', '--json')) as { machines: object[]; networks: object[] };
  const before = await seen();
  await ok(run('stop'));
  const { stderr } = await start();
  const after = await seen();
  expect(after.networks).toEqual(before.networks);
  expect(after.machines).toEqual(before.machines);
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/Task 1 was done, but the stop took a part of it .* done the task again/);
  const report = await grade();
  expect(report).toMatchObject({ score: 5, broken: false });
  expect(report.history?.filter(({ what }) => what === 'redo')).toMatchObject([{ task: 'back' }]);
});

test('a deletion leaves nothing', async () => {
  await ok(run('delete', '--yes'));
  expect(await containersOf(name)).toEqual([]);
});

test('labs test finds nothing in it', async () => {
  const tested = ['test', lab, '--name', name, '--json', ...(isLong ? [] : ['--sample', '1:1'])];
  const { stdout } = await ok(labs(tested, { env: { XDG_STATE_HOME: state } }));
  const { passed, runs } = JSON.parse(stdout) as { passed: boolean; runs: { strength: object }[] };
  expect(passed).toBe(true);
  expect(runs[0]?.strength).toMatchObject({ all: expect.any(Number) });
});
