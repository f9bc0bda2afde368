// Evidence of a running lab: `labs grade --evidence` and `labs verify`.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labs, type Ran, run as runProgram } from './cli-support.ts';

const name = `e2e-evidence-${process.pid}`;
let folder: string;
let evidence: string;

/** Without Docker: nothing listens there. */
const verify = (...argv: string[]): Promise<Ran> =>
  labs(['verify', ...argv], { env: { XDG_STATE_HOME: folder, DOCKER_HOST: 'unix:///nowhere.sock' } });
const run = (...argv: string[]): Promise<Ran> => labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: folder } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  evidence = join(folder, 'evidence.tgz');
  const started = await run('start', 'service-networking', '--yes');
  expect(started.exitCode, started.stderr).toBe(0);
  expect((await run('solve', '1', '--yes')).exitCode).toBe(0);
  expect((await run('solve', '5', '--yes')).exitCode).toBe(0);
  await runProgram(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', join(folder, 'grader.pem')]);
  await runProgram([
    'openssl',
    'pkey',
    '-in',
    join(folder, 'grader.pem'),
    '-pubout',
    '-out',
    join(folder, 'grader.pub'),
  ]);
});
afterAll(async () => {
  await run('delete', '--yes');
  await rm(folder, { recursive: true, force: true });
});

test('a grading is graded again without Docker, to the same bytes', async () => {
  const graded = await run('grade', '--json', '--evidence', evidence, '--sign', join(folder, 'grader.pem'));
  expect(graded, graded.stderr).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Wrote the evidence') });
  expect(JSON.parse(graded.stdout).score).toBeGreaterThan(5);
  const again = await verify(evidence, '--key', join(folder, 'grader.pub'), '--report', 'json');
  expect(again, again.stdout).toMatchObject({ exitCode: 0, stdout: graded.stdout });
  const shown = await verify(evidence, '--key', join(folder, 'grader.pub'));
  expect(shown.stdout).toContain('The evidence holds.');
});

test('a changed fact is named, and the exit code is 1', async () => {
  const tar = gunzipSync(await readFile(evidence));
  const at = tar.indexOf('10.103.132.104');
  expect(at).toBeGreaterThan(0);
  tar.write('10.103.132.105', at);
  await writeFile(join(folder, 'changed.tgz'), gzipSync(tar));
  const { exitCode, stdout } = await verify(join(folder, 'changed.tgz'), '--json');
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    verified: false,
    problems: [expect.objectContaining({ code: 'changed', about: expect.stringMatching(/^facts\/\d{4}\.json$/) })],
  });
  const report = join(folder, 'report.json');
  const refused = await verify(join(folder, 'changed.tgz'), '--report', `gradescope=${report}`);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No report was written') });
  await expect(readFile(report)).rejects.toThrow('ENOENT');
});

test('nothing in it is a private key, a token or a kubeconfig', async () => {
  const text = gunzipSync(await readFile(evidence)).toString('latin1');
  expect(text.length).toBeGreaterThan(100_000);
  expect(text).not.toMatch(/PRIVATE KEY|eyJ[\w-]{10,}\.[\w-]{10,}\.|client-key-data|LS0tLS1CRUdJTi/);
});

test('what cannot be written or read is said before the grading', async () => {
  const code = async (...argv: string[]) => {
    const { exitCode, stderr } = await run('grade', ...argv);
    return [exitCode, /\[(LAB_\w+)\]/.exec(stderr)?.[1]];
  };
  expect(await code('--evidence', '/nowhere/at/all.tgz')).toEqual([2, 'LAB_EVIDENCE_UNWRITABLE']);
  expect(await code('--evidence', '/dev/null')).toEqual([2, 'LAB_EVIDENCE_UNWRITABLE']);
  expect(await code('--evidence', evidence, '--sign', evidence)).toEqual([2, 'LAB_KEY_UNREADABLE']);
  expect(await code('--sign', join(folder, 'grader.pem'))).toEqual([2, 'LAB_EVIDENCE_NEEDED']);
  expect(await verify(join(folder, 'none.tgz'))).toMatchObject({ exitCode: 2 });
});
