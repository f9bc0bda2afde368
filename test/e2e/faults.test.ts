// Each fault of the library in a real cluster: its check fails by the symptom, and passes after the cure.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { faults } from '../../src/host/faults/library.ts';
import { isLong } from '../support/runs.ts';
import { labs, type Ran } from './cli-support.ts';
import { failuresIn, gradeUntil, isFull, ok, reportOf } from './graded-lab.ts';

const name = `e2e-faults-${process.pid}`;
let state: string;
let folder: string;
const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: state } });

/** `npm test` tries one fault of each kind of means: an object, a unit, a rule, a file, a route, a link. */
const sample = ['unready-endpoint', 'tampered-rule', 'wrong-flag', 'missing-route', 'mtu', 'duplicate-address'];
const tried = faults.filter((fault) => isLong || sample.includes(fault.name));
const both = ['wrong-target-port', 'ip-forward-off'];

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  folder = await mkdtemp(join(tmpdir(), 'labs-faults-'));
  const overlap = both.map((fault) => `{ name: ${fault}, service: shop/till }`).join(', ');
  const named = tried.map((fault) => `  - { id: ${fault.name}, fault: ${fault.name} }`);
  await writeFile(
    join(folder, 'lab.yaml'),
    `apiVersion: labs/v1
name: faults
title: Faults
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }, { name: node02 }] }
tasks:
${named.join('\n')}
  - { id: both, fault: [${overlap}] }
`,
  );
  await ok(labs(['start', folder, '--name', name, '--yes'], { env: { XDG_STATE_HOME: state } }));
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(state, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

const check = (task: string) => reportOf(run('check', task, '--json'));

test('tries some faults', () => expect(tried.length).toBeGreaterThanOrEqual(sample.length));

test.each(tried.map((fault) => fault.name))('%s is seen, and can be cured', async (fault) => {
  await ok(run('begin', fault));
  const broken = failuresIn(await check(fault));
  expect(Object.keys(broken).length, JSON.stringify(broken)).toBeGreaterThan(0);
  await ok(run('solve', fault, '--yes'));
  const mended = await gradeUntil(() => check(fault), isFull, 5);
  expect(failuresIn(mended)).toEqual({});
});

test('two faults overlap: the cure of one alone is not enough', async () => {
  await ok(run('begin', 'both'));
  const patch = '[{"op":"replace","path":"/spec/ports/0/targetPort","value":80}]';
  await ok(run('kubectl', '-n', 'shop', 'patch', 'service', 'till', '--type=json', '-p', patch));
  expect(failuresIn(await check('both'))).toHaveProperty('both/answers');
  await ok(run('shell', 'node02', '--', 'sysctl', '-qw', 'net.ipv4.ip_forward=1'));
  expect(failuresIn(await gradeUntil(() => check('both'), isFull, 5))).toEqual({});
});
