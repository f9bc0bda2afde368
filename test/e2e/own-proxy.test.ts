// A student's own proxy in the place of kube-proxy: installed, refused, restarted with the lab, and taken away again.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { labs, type Ran } from './cli-support.ts';
import { ok } from './graded-lab.ts';

const name = `e2e-own-proxy-${process.pid}`;
const lab = fileURLToPath(new URL('../../labs/build-your-own-kube-proxy', import.meta.url));
let folder: string;

const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: folder } });
/** What a command printed. */
const out = async (...argv: string[]): Promise<string> => (await ok(run(...argv))).stdout;
const start = () => ok(labs(['start', lab, '--name', name, '--yes'], { env: { XDG_STATE_HOME: folder } }));
const sh = (machine: string, script: string) => out('shell', machine, '--', 'sh', '-euc', script);
const file = (path: string): string => join(folder, path);

/** Whether these checks pass now. */
const passes = async (task: string, ...ids: string[]): Promise<boolean> => {
  const { tasks } = JSON.parse((await run('check', task, '--json')).stdout) as {
    readonly tasks: readonly { readonly checks: readonly { readonly id: string; readonly outcome: string }[] }[];
  };
  const checks = tasks.flatMap((each) => each.checks);
  return ids.every((id) => checks.find((check) => check.id === id)?.outcome === 'pass');
};

const untilPasses = (task: string, ...ids: string[]): Promise<void> =>
  eventually(
    `${ids.join(', ')} pass`,
    async () => ((await passes(task, ...ids)) ? done(undefined) : notYet('they do not')),
    { timeoutMs: 60_000 },
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await start();
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(folder, { recursive: true, force: true });
});

test('the skeleton runs on every node, and is not written over a student’s work', async () => {
  await ok(run('install-proxy', '--skeleton', file('my-proxy.ts')));
  const installed = JSON.parse(await out('install-proxy', file('my-proxy.ts'), '--json'));
  expect(installed).toMatchObject({ program: 'my-proxy.ts', nodes: ['controlplane', 'node01', 'node02'] });
  expect(await passes('run', 'runs')).toBe(true);
  expect(await out('logs', 'node01', 'kube-proxy')).toContain('default/picky 10.96.60.3: 3 endpoints');
  await writeFile(file('my-proxy.ts'), '// my work\n');
  expect(await run('install-proxy', '--skeleton', file('my-proxy.ts'))).toMatchObject({ exitCode: 2 });
  expect(await readFile(file('my-proxy.ts'), 'utf8')).toBe('// my work\n');
});

test('a program with a mistake is refused before the nodes change, and one that ends is shown with its line', async () => {
  await writeFile(file('wrong.ts'), 'const a: number = ;\n');
  const refused = await run('install-proxy', file('wrong.ts'));
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/wrong\.ts:1:\d+: /) });
  expect(await passes('run', 'runs')).toBe(true);
  await writeFile(file('ends.ts'), 'const a: number = 1;\nnothing(a);\n');
  const ended = await run('install-proxy', file('ends.ts'), '--node', 'node02');
  expect(ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ends.ts:2: ReferenceError') });
});

test('a proxy that writes rules does what its task wants, also after a stop and a start of the lab', async () => {
  await ok(run('install-proxy', join(lab, 'solve/proxy/7-hairpin.ts')));
  await untilPasses('hairpin', 'balanced', 'all-answer');
  await ok(run('stop'));
  await start();
  await untilPasses('hairpin', 'balanced', 'all-answer');
  expect(await sh('node01', 'ls /usr/local/lib/my-proxy/solve/proxy')).toContain('7-hairpin.ts');
});

test('another program in the unit, or an edited copy, does not count', async () => {
  await sh('node01', 'echo >> /usr/local/lib/my-proxy/solve/proxy/7-hairpin.ts; systemctl restart kube-proxy');
  expect(await passes('run', 'runs')).toBe(false);
  await ok(run('install-proxy', join(lab, 'solve/proxy/7-hairpin.ts'), '--node', 'node01'));
  await untilPasses('run', 'runs');
});

test('what is removed leaves neither unit nor rules', async () => {
  await ok(run('install-proxy', '--remove'));
  const rules = await sh('node01', 'iptables-save');
  expect(rules).toContain('*nat');
  expect(rules).not.toContain('MY-');
  expect((await sh('node01', 'systemctl show -P ActiveState kube-proxy')).trim()).toBe('inactive');
  expect(await passes('run', 'runs')).toBe(false);
});
