// The time of an exam, and what counts in it, as the lab remembers them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LabDefinition } from '../../../src/api/lab.ts';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import { progressRecord } from '../../../src/host/cluster/progress-record.ts';
import type { Clock } from '../../../src/host/grade/time-limit.ts';
import { openProgress } from '../../../src/host/tasks/progress.ts';
import type { ProgressRecord, Recorded } from '../../../src/host/tasks/record.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

let folder: string;
let docker: FakeDocker;
const build = async (): Promise<void> => {
  docker = new FakeDocker({ images: { 'labs/node:1': {} } });
  await docker.create({ name: 'fabric', image: 'labs/node:1', network: 'none', labels: {} });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clock-'));
  await build();
});
afterEach(() => rm(folder, { recursive: true }));

const key = { read: async () => 'secret', make: async () => 'secret' };
/** As `XDG_STATE_HOME=FOLDER labs …`, each time a new process. */
const open = (state = 'home', record: ProgressRecord = progressRecord(docker, 'fabric')) =>
  openProgress({ stateFolder: join(folder, state), name: 'lab', instance: 'one', key, record });
const clockNow = async (state?: string): Promise<Clock | undefined> => (await open(state).read()).clock;

describe('the clock', () => {
  test('starts once, whoever asks, and a state folder of the student moves nothing', async () => {
    const clock = await open().startClock(5400);
    expect(clock).toEqual({ startedAt: expect.any(String), seconds: 5400, extendedSeconds: 0, resets: 0 });
    expect(await open('scratch').startClock(9999)).toEqual(clock);
    await rm(join(folder, 'home'), { recursive: true });
    expect(await clockNow()).toEqual(clock);
    expect((await open().read()).history).toEqual([{ at: clock.startedAt, what: 'clock', seconds: 5400 }]);
  });

  test('two processes that both start it agree on the first', async () => {
    await Promise.all([open().startClock(60), open('scratch').startClock(60)]);
    const [first] = (await open().read()).history;
    expect((await clockNow())?.startedAt).toBe(first?.at);
    expect(await clockNow('scratch')).toEqual(await clockNow());
  });

  test('is not pushed out by many events', async () => {
    const events: Recorded[] = [];
    const record = { read: async () => events, append: async (event: Recorded) => void events.push(event) };
    const clock = await open('home', record).startClock(60);
    const at = new Date(0).toISOString();
    const tried: Recorded = { did: 'event', event: { at, what: 'answer', task: 'a', check: 'b', right: false } };
    events.push(...Array.from({ length: 6000 }, () => tried));
    expect((await open('home', record).read()).clock).toEqual(clock);
  });

  test('is moved by what an instructor gives, which the history keeps', async () => {
    expect(await open().extend(900)).toBeUndefined();
    await open().startClock(60);
    await open().extend(900);
    expect(await open('scratch').extend(60)).toMatchObject({ seconds: 60, extendedSeconds: 960 });
    const { history } = await open().read();
    expect(history.map(({ what, seconds }) => [what, seconds])).toEqual([
      ['clock', 60],
      ['extend', 900],
      ['extend', 60],
    ]);
  });

  test('goes on after a reset of the whole lab, which is counted, also if the file does not count', async () => {
    const clock = await open().startClock(60);
    await open().extend(30);
    await writeFile(join(folder, 'home/progress/lab.json'), '{}');
    await expect(open().read()).rejects.toMatchObject({ code: 'LAB_PROGRESS_UNREADABLE' });
    const earlier = await open().surviving();
    await rm(join(folder, 'home'), { recursive: true });
    await build();
    // A command in another terminal has begun a new clock already.
    await open('other').startClock(60);
    await open().goOn(earlier);
    expect(await clockNow()).toEqual({ ...clock, extendedSeconds: 30, resets: 1 });
    expect(await open().startClock(60)).toMatchObject({ startedAt: clock.startedAt });
  });
});

const lab = {
  tasks: [
    {
      id: 'web',
      checks: [
        { id: 'runs', type: 'http' },
        { id: 'asked', type: 'answer', choices: [] },
        { id: 'again', type: 'change' },
      ],
    },
  ],
} as unknown as LabDefinition;

const check = (id: string, outcome: CheckReport['outcome'], over: object = {}) =>
  ({ id, outcome, points: outcome === 'pass' ? 1 : 0, ...over }) as CheckReport;
const reportOf = (checks: readonly CheckReport[], over = false, gradedAt = '2026-11-30T08:00:00.000Z'): Report =>
  ({ gradedAt, tasks: [{ id: 'web', checks }], timeLimit: { over } }) as unknown as Report;
const kept = async () =>
  Object.fromEntries(Object.entries((await open().read()).counted).map(([id, { outcome }]) => [id, outcome]));

describe('what counts', () => {
  test('is the latest grading of each check, also without the file of the student', async () => {
    await open().count(reportOf([check('runs', 'pass')]), lab);
    await open().count(reportOf([check('asked', 'pass')]), lab);
    await open().count(reportOf([check('runs', 'fail'), check('asked', 'pass')], false, 'later'), lab);
    await rm(join(folder, 'home'), { recursive: true });
    expect((await open().read()).counted).toEqual({
      'web/runs': { at: 'later', points: 0, outcome: 'fail' },
      'web/asked': { at: '2026-11-30T08:00:00.000Z', points: 1, outcome: 'pass' },
    });
  });

  test('is nothing that was graded when the time was over, or without a clock', async () => {
    await open().count(reportOf([check('runs', 'pass')]), lab);
    await open().count(reportOf([check('runs', 'fail')], true), lab);
    const { timeLimit: _, ...untimed } = reportOf([check('runs', 'fail')]);
    await open().count(untimed, lab);
    expect(await kept()).toEqual({ 'web/runs': 'pass' });
  });

  test('loses nothing by what broke, nor by a look that does not try the checks that change the cluster', async () => {
    await open().count(reportOf([check('runs', 'broken'), check('again', 'pass')]), lab);
    expect(await kept()).toEqual({ 'web/runs': 'broken', 'web/again': 'pass' });
    await open().count(reportOf([check('runs', 'pass'), check('again', 'blocked')]), lab);
    await open().count(reportOf([check('runs', 'broken')]), lab);
    expect(await kept()).toEqual({ 'web/runs': 'pass', 'web/again': 'pass' });
  });

  test('loses nothing by a single look, but for a wrong answer', async () => {
    await open().count(reportOf([check('runs', 'pass'), check('asked', 'pass')]), lab);
    await open().count(reportOf([check('runs', 'fail'), check('asked', 'fail')]), lab, { gains: true });
    expect(await kept()).toEqual({ 'web/runs': 'pass', 'web/asked': 'fail' });
  });

  test('is forgotten with the task that is reset, and with the lab', async () => {
    await open().startClock(60);
    await open().count(reportOf([check('runs', 'pass')]), lab);
    await open().forget('other');
    expect(await kept()).toEqual({ 'web/runs': 'pass' });
    await open().forget('web');
    expect(await kept()).toEqual({});
    await open().count(reportOf([check('runs', 'pass')]), lab);
    const earlier = await open().surviving();
    await build();
    await open('new').goOn(earlier);
    expect((await open('new').read()).counted).toEqual({});
  });

  test('no task passes when the time is over', async () => {
    expect(await open().record(reportOf([check('runs', 'pass')], true))).toEqual([]);
    expect((await open().read()).passed).toEqual([]);
    expect(await open().record(reportOf([check('runs', 'pass')]))).toEqual(['web']);
  });
});
