// What a student hands in, graded in fresh clusters: `labs grade --submission`.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/api/report.ts';
import { connectDocker } from '../../src/host/docker/dockerode.ts';
import { labels } from '../../src/host/plan/names.ts';
import { parseRows, type Row } from '../../src/host/submission/batch.ts';
import { labs, type Ran, spawnLabs, written } from './cli-support.ts';

/** Two runs of this test may run at the same time. */
const name = `handed-in-${process.pid}`;
let folder: string;
const environment = () => ({ env: { XDG_STATE_HOME: join(folder, 'state') } });
const run = (...argv: string[]): Promise<Ran> => labs(argv, environment());

const lab = `
apiVersion: labs/v1
name: ${name}
title: Handed in
summary: For tests.
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }] }
tasks:
  - id: make
    title: Make
    checks:
      - { id: pod, title: The pod runs, type: object, object: pod/web, where: [{ path: .status.phase, equals: Running }] }
      - { id: file, title: The file is there, type: file, on: node/node01, path: /root/made, content: by the script }
      - { id: asked, title: Asked, type: answer, question: Where?, equals: here }
  - id: mend
    title: Mend
    setup: mend.ts
    checks:
      - { id: mended, title: It is mended, type: object, object: configmap/fault, exists: false }
  - id: script
    title: Script
    checks:
      - { id: script, title: The script runs, type: script, file: script.ts, points: 2 }
`;
/** Breaks where a student has made the configmap \`boom\`. */
const script = `export const check = async (lab) => {
  if (await lab.object('configmap/boom')) throw new Error('boom');
  return { pass: false, expected: 'more', observed: 'less' };
};
`;
const setup = "export const setup = (lab) => lab.kubectl('create', 'configmap', 'fault');\n";

const pod = 'apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: web, image: web }] }\n';

const handIn = async (student: string, files: Readonly<Record<string, string>>): Promise<string> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, student, path)), { recursive: true });
    await writeFile(join(folder, student, path), text);
  }
  return join(folder, student);
};

/** Machines of clusters of this test's lab. */
const left = async (): Promise<readonly string[]> => {
  const docker = await connectDocker(process.env);
  return (await docker.list({ [labels.lab]: name })).map((each) => each.name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await handIn('lab', {
    'lab.yaml': lab,
    'mend.ts': setup,
    'tasks/make.md': '# Make\n',
    'tasks/mend.md': '# Mend\n',
    'tasks/script.md': '# Script\n',
    'script.ts': script,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => expect(await left()).toEqual([]));

test('gets the points of what works, and says what does not; the cluster is gone', async () => {
  const kim = await handIn('kim', {
    '10-web.yaml': pod,
    '20-wrong.yaml': 'kind: Nothing\n',
    'node01/make.sh': 'echo by the script > /root/made',
    'mend/controlplane/mend.sh': 'kubectl delete configmap fault; exit 3',
    'answers.yaml': 'make: { asked: here }\n',
  });
  const file = join(folder, 'kim.json');
  const { exitCode, stdout, stderr } = await run(
    'grade',
    '--submission',
    kim,
    join(folder, 'lab'),
    '-r',
    `json=${file}`,
  );
  expect(exitCode, stderr).toBe(1);
  expect(stdout).toContain('20-wrong.yaml');
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;
  expect(report).toMatchObject({ score: 4, maxScore: 6, broken: false });
  expect(report.submission?.steps.map(({ step, outcome }) => [step, outcome])).toEqual([
    ['10-web.yaml', 'done'],
    ['20-wrong.yaml', 'failed'],
    ['node01/make.sh (node01)', 'done'],
    ['begin mend', 'done'],
    ['mend/controlplane/mend.sh (controlplane)', 'failed'],
  ]);
});

test('a script without an end is stopped by the time limit, and the rest is graded', async () => {
  const endless = await handIn('endless', { '1.yaml': pod, 'node01/2.sh': 'yes', 'node01/3.sh': 'true' });
  const { exitCode, stdout } = await run(
    ...['grade', '--submission', endless, join(folder, 'lab'), '--time-limit', '5s', '--json'],
  );
  expect(exitCode).toBe(1);
  const report = JSON.parse(stdout) as Report;
  expect(report.score).toBe(1);
  expect(report.submission?.steps.map(({ outcome }) => outcome)).toEqual(['done', 'failed', 'failed']);
});

test('Ctrl-C deletes the cluster, and a second labs does not take the same folder', async () => {
  const slow = await handIn('slow', { 'node01/1.sh': 'sleep 600' });
  const first = spawnLabs(['grade', '--submission', slow, join(folder, 'lab')], environment());
  await written(first.stderr, 'node01/1.sh');
  expect(await run('grade', '--submission', slow, join(folder, 'lab'))).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('LAB_SUBMISSION_BUSY'),
  });
  first.kill('SIGINT');
  expect(await first).toMatchObject({ exitCode: 130 });
});

test('what a killed labs left behind, the next one removes', async () => {
  const killed = await handIn('killed', { 'node01/1.sh': 'sleep 600' });
  const first = spawnLabs(['grade', '--submission', killed, join(folder, 'lab')], environment());
  await written(first.stderr, 'node01/1.sh');
  first.kill('SIGKILL');
  await first;
  expect((await left()).length).toBeGreaterThan(0);
  await handIn('killed', { 'node01/1.sh': 'true' });
  expect((await run('grade', '--submission', killed, join(folder, 'lab'), '--json')).exitCode).toBe(1);
});

test('a class is graded, a broken submission touches no other, and the next run grades only what is open', async () => {
  const boom = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: boom }\n';
  await handIn('class', { 'kim/1.yaml': pod, 'lee/1.yaml': boom, '=park/answers.yaml': 'make: { asked: here }' });
  const out = join(folder, 'results.csv');
  const batch = (): Promise<Ran> =>
    run('grade-batch', join(folder, 'class'), join(folder, 'lab'), '--jobs', '2', '--out', out, '--json');
  const first = await batch();
  expect(first.exitCode, first.stderr).toBe(3);
  expect(first.stderr).toContain('[3/3]');
  const { results, ...counts } = JSON.parse(first.stdout) as { readonly results: readonly Row[] };
  expect(counts).toMatchObject({ graded: 3, unchanged: 0, broken: 1 });
  expect(Object.fromEntries(results.map((row) => [row.submission, [row.outcome, row.score]]))).toEqual({
    '=park': ['graded', '1'],
    kim: ['graded', '1'],
    lee: ['broken', '0'],
  });
  expect(JSON.parse(await readFile(join(folder, 'results-reports/kim.json'), 'utf8'))).toMatchObject({ score: 1 });
  expect(parseRows(await readFile(out, 'utf8'))?.map(({ submission }) => submission)).toEqual(['=park', 'kim', 'lee']);
  await handIn('class', { 'lee/1.yaml': pod });
  const second = await batch();
  expect(second.exitCode, second.stderr).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ graded: 1, unchanged: 2, broken: 0 });
});

test('a batch refuses another file, a wrong number and an empty folder before it builds a cluster', async () => {
  const file = join(folder, 'other.csv');
  await writeFile(file, 'name,points\nkim,3\n');
  const code = async (...argv: string[]) => {
    const { stderr, exitCode } = await run('grade-batch', ...argv, join(folder, 'lab'));
    return [exitCode, /\[(LAB_\w+)\]/.exec(stderr)?.[1]];
  };
  expect(await code(folder, '--out', file)).toEqual([2, 'LAB_BATCH_FOREIGN']);
  expect(await readFile(file, 'utf8')).toContain('kim,3');
  expect(await code(folder, '--jobs', '0')).toEqual([2, 'LAB_BATCH_JOBS']);
  expect(await code(folder, '--out', '/nowhere/results.csv')).toEqual([2, 'LAB_BATCH_UNWRITABLE']);
  expect(await code(join(folder, 'lab/tasks'))).toEqual([2, 'LAB_BATCH_EMPTY']);
  expect(await code(join(folder, 'none'))).toEqual([2, 'LAB_SUBMISSION_UNREADABLE']);
});

test('what is wrong on the command line is said before a cluster is built', async () => {
  const code = async (...argv: string[]) => /\[(LAB_\w+)\]/.exec((await run('grade', ...argv)).stderr)?.[1];
  expect(await code('--submission', join(folder, 'none'), join(folder, 'lab'))).toBe('LAB_SUBMISSION_UNREADABLE');
  expect(await code('--submission', folder, 'no-such-lab')).toBe('LAB_UNKNOWN');
  expect(await code('--submission', folder, join(folder, 'lab'), '--time-limit', 'soon')).toBe('LAB_TIME_LIMIT');
  expect(await code('--time-limit', '5s')).toBe('LAB_SUBMISSION_NEEDED');
});
