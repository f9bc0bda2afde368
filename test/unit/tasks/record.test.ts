import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { progressRecord } from '../../../src/host/cluster/progress-record.ts';
import { openProgress } from '../../../src/host/tasks/progress.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

let folder: string;
let docker: FakeDocker;
let told: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'));
  docker = new FakeDocker({ images: { 'labs/node:1': {} } });
  await docker.create({ name: 'fabric', image: 'labs/node:1', network: 'none', labels: {} });
  told = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const key = { read: async () => 'secret', make: async () => 'secret' };
/** As `XDG_STATE_HOME=FOLDER labs …`, each time a new process. */
const open = (state = 'home', record = progressRecord(docker, 'fabric')) =>
  openProgress({
    stateFolder: join(folder, state),
    name: 'lab',
    instance: 'one',
    key,
    record,
    onBehind: () => {
      told += 1;
    },
  });
const file = (state = 'home') => join(folder, state, 'progress/lab.json');

test('an answer that another labs writes at this moment makes the file no older copy', async () => {
  await open().tryAnswer('ask/where', 'here', false);
  const record = progressRecord(docker, 'fabric');
  let isFirst = true;
  const read = async () => {
    // The reader has read the file by now.
    if (isFirst) {
      isFirst = false;
      await open().tryAnswer('ask/where', 'there', false);
    }
    return record.read();
  };
  const { history } = await open('home', { ...record, read }).read();
  expect(told).toBe(0);
  expect(history.map(({ answer }) => answer)).toEqual(['here', 'there']);
});

describe('whatever the state folder, a lab remembers', () => {
  test('that labs solved a task, begun tasks, tries and hints', async () => {
    await open().begin('mend', 'run1');
    await open('scratch').recordSolved('mend');
    await open('scratch').tryAnswer('ask/where', 'there', false);
    expect(await open('other').takeHint('ask')).toBe(0);
    expect(await open().takeHint('ask')).toBe(1);
    const { begun, begunIn, solved, hints, history } = await open().read();
    expect({ begun, begunIn, solved, hints }).toEqual({
      begun: ['mend'],
      begunIn: { mend: 'run1' },
      solved: ['mend'],
      hints: { ask: 2 },
    });
    expect(history.map(({ what }) => what)).toEqual(['solve', 'answer', 'hint', 'hint']);
  });

  test('what labs goto did, until labs solve or the student does it', async () => {
    await open('scratch').recordSkipped('one', ['seen']);
    await open('scratch').recordSkipped('two', []);
    expect((await open().read()).skipped).toEqual({ one: ['seen'], two: [] });
    await open().rewind(['one']);
    await open().recordSolved('two');
    expect((await open('scratch').read()).skipped).toEqual({});
  });

  test('the reset of a task, which forgets its hints and keeps its history', async () => {
    await open('scratch').takeHint('ask');
    await open().begin('ask', 'run1');
    await open().forget('ask', { stillBegun: true });
    const { hints, begun, history } = await open('other').read();
    expect({ hints, begun }).toEqual({ hints: {}, begun: ['ask'] });
    expect(history.map(({ what }) => what)).toEqual(['hint', 'reset']);
  });
});

test('an older copy of the progress file, or none, hides nothing, and labs says so', async () => {
  await open().answer('ask/where', 'here');
  await copyFile(file(), join(folder, 'old.json'));
  await open().takeHint('ask');
  await open().recordSolved('ask');
  await open().read();
  expect(told).toBe(0);
  for (const back of [() => copyFile(join(folder, 'old.json'), file()), () => rm(file())]) {
    await back();
    told = 0;
    const store = open();
    expect(await store.read()).toMatchObject({ hints: { ask: 1 }, solved: ['ask'] });
    await store.read();
    expect(told).toBe(1);
  }
});

test('what a file knew before the lab had a record is recorded first', async () => {
  const { record: _, ...older } = { stateFolder: join(folder, 'home'), name: 'lab', instance: 'one', key, record: 0 };
  await openProgress(older).takeHint('ask');
  await openProgress(older).begin('mend', 'run1');
  expect((await open().read()).hints).toEqual({ ask: 1 });
  await open().takeHint('ask');
  await rm(file());
  expect(await open().read()).toMatchObject({ hints: { ask: 2 }, begun: ['mend'] });
});

test('parallel processes lose nothing, also with different state folders', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, index) => open(`state${index % 5}`).takeHint('ask')));
  const { hints, history } = await open().read();
  expect(hints).toEqual({ ask: 20 });
  expect(history).toHaveLength(20);
});

test('a lab that was reset goes on with its history', async () => {
  await open().takeHint('ask');
  const earlier = await open().surviving();
  docker = new FakeDocker({ images: { 'labs/node:1': {} } });
  await docker.create({ name: 'fabric', image: 'labs/node:1', network: 'none', labels: {} });
  await rm(file());
  await open().goOn(earlier);
  await rm(file());
  expect((await open().read()).history.map(({ what }) => what)).toEqual(['hint', 'reset']);
});

test('the file that is written says the same as the record', async () => {
  await open('scratch').takeHint('ask');
  await open().answer('ask/where', 'here');
  expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({
    hints: { ask: 1 },
    answers: { 'ask/where': 'here' },
  });
});
