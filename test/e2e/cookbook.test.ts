// The checks of the cookbook: none passes in an untouched cluster, all pass in the cluster that it describes.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cookbook, readCookbook } from '../support/cookbook.ts';
import { labs } from './cli-support.ts';
import { failuresIn, gradeUntil, isFull, ok, reportOf } from './graded-lab.ts';

const name = `e2e-cookbook-${process.pid}`;
let folder: string;
let cookbook: Cookbook;
const run = (argv: readonly string[], input = '') =>
  labs([...argv.slice(0, 1), '--name', name, ...argv.slice(1)], {
    input,
    env: { XDG_STATE_HOME: join(folder, 'state') },
  });
const grade = () => reportOf(run(['grade', '--json']));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cookbook-'));
  cookbook = await readCookbook(name);
  for (const [path, text] of Object.entries(cookbook.files)) {
    await mkdir(dirname(join(folder, 'lab', path)), { recursive: true });
    await writeFile(join(folder, 'lab', path), text);
  }
  await ok(run(['start', join(folder, 'lab')]));
}, 120_000);
afterAll(async () => {
  await run(['delete', '--yes']);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('no check of the cookbook passes in an untouched cluster', { timeout: 120_000 }, async () => {
  const { tasks } = await grade();
  const checks = tasks.flatMap((task) => task.checks);
  expect(checks).toHaveLength(20);
  expect(checks.filter(({ outcome }) => outcome === 'pass' || outcome === 'broken')).toEqual([]);
});

test('all of them pass in the cluster that the cookbook describes', { timeout: 240_000 }, async () => {
  await ok(run(['kubectl', 'apply', '-f', '-'], cookbook.manifest));
  await ok(run(['kubectl', 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=120s']));
  await ok(run(['kubectl', 'delete', 'pod', 'old']));
  const { stdout: uplink } = await ok(run(['shell', 'blue', '--', 'cat', '/sys/class/net/eth0/iflink']));
  const { stdout } = await ok(
    run(['shell', 'node01', '--', 'sh', '-c', `grep -lx ${uplink.trim()} /sys/class/net/*/ifindex`]),
  );
  const end = stdout.trim().split('/').at(-2) ?? '';
  await ok(run(['answer', 'all', '1', end]));
  await ok(run(['shell', 'blue', '--', 'curl', '-s', 'http://web/']));
  const report = await gradeUntil(grade, isFull);
  expect(failuresIn(report)).toEqual({});
});
