// An exam: a lab with a time limit, from its start until its time is over, and after a reset.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodePaths } from '../../src/api/paths.ts';
import type { Report } from '../../src/api/report.ts';
import { inMachine } from '../../src/host/plan/boot.ts';
import { labs, type Ran, run as runProgram } from './cli-support.ts';

const name = `e2e-exam-${process.pid}`;
let folder: string;
const exam = (...argv: string[]): Promise<Ran> =>
  labs(['--name', name, ...argv], { env: { XDG_STATE_HOME: join(folder, 'state') } });

const examLab = `
apiVersion: labs/v1
name: exam
title: Exam
summary: For tests.
timeLimit: 2s
cluster: { nodes: [{ name: controlplane, role: control-plane }, { name: node01 }] }
manifests: [done.yaml]
tasks:
  - id: done
    title: Done
    checks:
      - { id: seen, title: Seen, type: object, object: configmap/done }
      - { id: hidden, title: Hidden, type: object, object: namespace/default, visibility: never }
  - id: later
    title: Later
    checks: [{ id: late, title: Late, type: object, object: configmap/late }]
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labs-e2e-'));
  await mkdir(join(folder, 'lab/tasks'), { recursive: true });
  await writeFile(join(folder, 'lab/lab.yaml'), examLab);
  await writeFile(join(folder, 'lab/done.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: done }\n');
  for (const task of ['done', 'later']) await writeFile(join(folder, `lab/tasks/${task}.md`), '# Task\n');
});
afterAll(async () => {
  await exam('delete', '--yes');
  await rm(folder, { recursive: true, force: true });
});

/** Past labs, as in a shell that was open before the end. */
const kubectl = (...words: string[]): Promise<Ran> => {
  const command = ['kubectl', '--kubeconfig', nodePaths.adminConfig, ...words];
  return runProgram(['docker', 'exec', `labs-${name}-controlplane`, ...inMachine(command)]);
};

const isOver = async (): Promise<boolean> =>
  JSON.parse((await exam('status', '--json')).stdout).timeLimit.secondsLeft === 0;

const grade = async (): Promise<Report> => JSON.parse((await exam('grade', '--json')).stdout);

test('when the time is over, what was graded before counts, and evidence says the same', {
  timeout: 300_000,
}, async () => {
  const lab = join(folder, 'lab');
  const started = await exam('start', lab, '--yes');
  expect(started, started.stderr).toMatchObject({ exitCode: 0 });
  // On a slow machine, these seconds are over by then.
  expect(started.stdout).toMatch(/ left, until |The time was over at /);
  // However long a check takes on this machine, one is in time.
  let checked: Report;
  do {
    expect((await exam('extend', '10s', '--yes')).exitCode).toBe(0);
    checked = JSON.parse((await exam('check', '--json')).stdout);
  } while (checked.timeLimit?.over);
  expect(checked).toMatchObject({ score: 1, maxScore: 2, tasks: [{ checks: [{ id: 'seen' }] }, {}] });
  while (!(await isOver()));
  expect(await exam('shell', 'node01', '--', 'true')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('[LAB_TIME_OVER]'),
  });
  expect((await exam('reset', '--yes')).stderr).toContain('[LAB_TIME_OVER]');
  expect((await kubectl('delete', 'configmap', 'done')).stderr).toBe('');
  expect((await kubectl('create', 'configmap', 'late')).stderr).toBe('');
  const file = join(folder, 'exam.tgz');
  const graded = await exam('grade', '--json', '--evidence', file);
  const report = JSON.parse(graded.stdout) as Report;
  // The hidden check was graded with the others.
  expect(report).toMatchObject({ score: 2, maxScore: 3, broken: false });
  const counted = [
    { task: 'done', score: 2 },
    { task: 'later', score: 0 },
  ];
  expect(report.timeLimit).toMatchObject({ seconds: 2, over: true, resets: 0, counted });
  expect(report.history?.map(({ what }) => what)).toEqual(expect.arrayContaining(['clock', 'extend']));
  expect(await labs(['verify', file, lab, '--report', 'json'])).toMatchObject({ exitCode: 0, stdout: graded.stdout });
});

test('more time lets the student go on, and a reset keeps the clock', async () => {
  const before = await grade();
  expect((await exam('extend', '1h', '--yes')).exitCode).toBe(0);
  expect(await grade()).toMatchObject({ score: 2, timeLimit: { over: false }, tasks: [{ score: 1 }, { score: 1 }] });
  expect((await exam('reset', '--yes')).exitCode).toBe(0);
  expect((await grade()).timeLimit).toMatchObject({
    startedAt: before.timeLimit?.startedAt,
    extendedSeconds: (before.timeLimit?.extendedSeconds ?? 0) + 3600,
    resets: 1,
    over: false,
  });
});
