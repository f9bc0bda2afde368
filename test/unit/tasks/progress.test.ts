import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import { forgetProgress, openProgress } from '../../../src/host/tasks/progress.ts';
import { noProgress } from '../../../src/host/tasks/progress-changes.ts';

let stateFolder: string;
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'progress-'));
});
afterEach(() => rm(stateFolder, { recursive: true }));

const open = (instance = 'one', name = 'lab') => openProgress({ stateFolder, name, instance });
const file = () => join(stateFolder, 'progress/lab.json');

test('the next process reads answers, hints and begun tasks', async () => {
  const store = open();
  expect(await store.read()).toEqual(noProgress);
  await store.answer('ranges/last', '10.111.255.255');
  await store.begin('mend', 'node01:7');
  await store.begin('mend', 'node01:8');
  expect(await store.takeHint('ranges')).toBe(0);
  expect(await store.takeHint('ranges')).toBe(1);
  expect(await open().read()).toEqual({
    answers: { 'ranges/last': '10.111.255.255' },
    verified: {},
    begun: ['mend'],
    hints: { ranges: 2 },
    passed: [],
    passedAt: {},
    solved: [],
    skipped: {},
    begunIn: { mend: 'node01:8' },
    latest: {},
    counted: {},
    history: [
      { what: 'hint', task: 'ranges', at: expect.any(String) },
      { what: 'hint', task: 'ranges', at: expect.any(String) },
    ],
  });
});

test('a deleted and recreated instance starts without progress', async () => {
  await open('one').answer('a/b', 'x');
  expect(await open('two').read()).toEqual(noProgress);
  await open('two').answer('c/d', 'y');
  expect((await open('two').read()).answers).toEqual({ 'c/d': 'y' });
});

test('forgetting the progress of one instance keeps the others', async () => {
  await open().answer('a/b', 'x');
  await open('one', 'other').answer('a/b', 'z');
  await forgetProgress(stateFolder, 'lab');
  expect(await open().read()).toEqual(noProgress);
  expect((await open('one', 'other').read()).answers).toEqual({ 'a/b': 'z' });
  await forgetProgress(stateFolder, 'never-there');
});

test('parallel writers lose no answer and leave no other files behind', async () => {
  const writes = Array.from({ length: 25 }, (_, index) => open().answer(`task/${index}`, String(index)));
  await Promise.all(writes);
  expect(Object.keys((await open().read()).answers)).toHaveLength(25);
  expect(await readdir(join(stateFolder, 'progress'))).toEqual(['lab.json']);
});

test.each([
  ['half a file', '{"version": 1, "answ'],
  ['another shape', '{"version": 1}'],
])('%s is reported with what to do, and is not overwritten', async (_, content) => {
  await open().answer('a/b', 'x');
  await writeFile(file(), content);
  const refusal = { code: 'LAB_PROGRESS_UNREADABLE', exitCode: 3, hint: expect.stringContaining('mv ') };
  await expect(open().read()).rejects.toMatchObject(refusal);
  await expect(open().answer('c/d', 'y')).rejects.toMatchObject(refusal);
  expect(await readFile(file(), 'utf8')).toBe(content);
});

test.each([
  ['null', 'labs has not written it'],
  ['{"version":999}', 'the value of version is wrong'],
  ['{"version":1,"instance":"one","answers":1}', 'the value of answers is wrong'],
])('%s is reported in one line', async (content, problem) => {
  await open().answer('a/b', 'x');
  await writeFile(file(), content);
  await expect(open().read()).rejects.toThrow(`The progress file ${file()} can’t be read: ${problem}`);
});

test('a pipe in the place of the file is refused, and nothing waits for it', async () => {
  await open().answer('a/b', 'x');
  await rm(file());
  execFileSync('mkfifo', [file()]);
  await expect(open().read()).rejects.toThrow('can’t be read: it is not a regular file');
  await expect(open().answer('a/b', 'x')).rejects.toThrow('it is not a regular file');
});

test('a folder that cannot be written is named', async () => {
  await writeFile(join(stateFolder, 'progress'), 'no folder');
  const refusal = { code: 'LAB_FOLDER_UNWRITABLE', message: expect.stringContaining(stateFolder), exitCode: 3 };
  await expect(open().answer('a/b', 'x')).rejects.toMatchObject(refusal);
});

test('keeps a passed task as passed with the time, whatever breaks later', async () => {
  const gradedAt = '2026-01-01T00:00:00Z';
  const report = (...scores: [string, number][]) =>
    ({
      gradedAt,
      tasks: scores.map(([id, score]) => ({
        ...{ id, score, maxScore: 2 },
        checks: [{ id: 'check', outcome: score > 0 ? 'pass' : 'fail' }],
      })),
    }) as unknown as Report;
  expect(await open().record(report(['a', 2], ['b', 0]))).toEqual(['a']);
  expect((await open().read()).passed).toEqual(['a']);
  // Its hints cost a point.
  expect(await open().record(report(['b', 1]))).toEqual(['b']);
  expect((await open().read()).passed).toEqual(['a', 'b']);
  expect(await open().record(report(['a', 0], ['b', 2]))).toEqual([]);
  expect(await open().read()).toMatchObject({ passed: ['a', 'b'], passedAt: { a: gradedAt, b: gradedAt } });
});

test('remembers right answers and no wrong ones', async () => {
  const checks = [
    { id: 'veth', outcome: 'pass' },
    { id: 'chain', outcome: 'fail' },
    { id: 'pod', outcome: 'pass' },
  ];
  await open().answer('wires/veth', 'veth7a');
  await open().answer('wires/chain', 'KUBE-X');
  await open().record({ tasks: [{ id: 'wires', score: 1, maxScore: 3, checks }] } as unknown as Report);
  expect((await open().read()).verified).toEqual({ 'wires/veth': 'veth7a' });
});

test('forgets one task, and can keep it begun', async () => {
  await open().answer('a/x', '1');
  await open().answer('b/x', '2');
  await open().begin('a', 'run');
  await open().takeHint('a');
  await open().forget('a', { stillBegun: true });
  expect(await open().read()).toMatchObject({ answers: { 'b/x': '2' }, hints: {}, begun: ['a'] });
  await open().forget('a');
  expect((await open().read()).begun).toEqual([]);
});

test('reads the progress that an older version of labs has written', async () => {
  await open().answer('a/x', '1');
  const old = { version: 1, instance: 'one', answers: {}, begun: [], hints: {}, passed: ['a'] };
  await writeFile(file(), JSON.stringify(old));
  expect(await open().read()).toMatchObject({ passed: ['a'], passedAt: {}, solved: [], skipped: {} });
});

describe('a progress file of a lab with a key', () => {
  const keyOf = (secret?: string) => {
    let key = secret;
    return { read: async () => key, make: async () => (key ??= 'made') };
  };
  const signed = (key = keyOf('secret')) => openProgress({ stateFolder, name: 'lab', instance: 'one', key });
  const refusal = { code: 'LAB_PROGRESS_CHANGED', exitCode: 2, hint: expect.stringContaining('mv ') };

  test.each([
    ['a right answer', (text: string) => text.replace('"verified": {}', '"verified": {"a/b": "x"}')],
    ['a passed task', (text: string) => text.replace('"passed": []', '"passed": ["a"]')],
    ['no signature', (text: string) => text.replace(/,\s*"signature": "\w+"/, '')],
    ['another signature', (text: string) => text.replace(/"signature": "\w/, '"signature": "-')],
  ])('counts no more with %s that somebody wrote into it, and is not overwritten', async (_, change) => {
    await signed().answer('a/b', 'x');
    const changed = change(await readFile(file(), 'utf8'));
    await writeFile(file(), changed);
    await expect(signed().read()).rejects.toMatchObject(refusal);
    await expect(signed().answer('c/d', 'y')).rejects.toMatchObject(refusal);
    expect(await readFile(file(), 'utf8')).toBe(changed);
  });

  test('counts as labs wrote it, and whatever its spaces', async () => {
    await signed().answer('a/b', 'x');
    await writeFile(file(), JSON.stringify(JSON.parse(await readFile(file(), 'utf8'))));
    expect((await signed().read()).answers).toEqual({ 'a/b': 'x' });
  });

  test('of an older version of labs counts until labs writes it again', async () => {
    await open().answer('a/b', 'x');
    const old = await readFile(file(), 'utf8');
    const key = keyOf();
    expect((await signed(key).read()).answers).toEqual({ 'a/b': 'x' });
    await signed(key).answer('c/d', 'y');
    expect((await signed(key).read()).answers).toEqual({ 'a/b': 'x', 'c/d': 'y' });
    await writeFile(file(), old);
    await expect(signed(key).read()).rejects.toMatchObject(refusal);
  });
});

test('records what a student did, also after the task was reset', async () => {
  await open().tryAnswer('a/x', 'wrong', false);
  await open().tryAnswer('a/x', 'right', true);
  await open().recordSkipped('b', []);
  await open().recordSolved('b');
  await open().forget('a');
  const { history, answers } = await open().read();
  expect(answers).toEqual({});
  expect(history.map(({ what, task, answer, right }) => [what, task, answer, right])).toEqual([
    ['answer', 'a', 'wrong', false],
    ['answer', 'a', 'right', true],
    ['goto', 'b', undefined, undefined],
    ['solve', 'b', undefined, undefined],
    ['reset', 'a', undefined, undefined],
  ]);
  expect(history.every(({ at }) => !Number.isNaN(Date.parse(at)))).toBe(true);
});

test('goes on with the history of a lab that was reset', async () => {
  await open('one').tryAnswer('a/x', 'wrong', false);
  await open('two').goOn(await open('one').surviving());
  expect((await open('two').read()).history.map(({ what }) => what)).toEqual(['answer', 'reset']);
});

test('keeps the latest 5000 events', async () => {
  const at = new Date(0).toISOString();
  const history = Array.from({ length: 5001 }, () => ({ at, what: 'answer' as const, task: 'a', right: false }));
  await open().goOn({ history });
  await open().takeHint('a');
  const kept = (await open().read()).history;
  expect([kept.length, kept.at(-1)?.what]).toEqual([5000, 'hint']);
});

test('a task that labs solves after goto counts as solved, and is no longer skipped', async () => {
  await open().recordSkipped('a', ['x']);
  await open().recordSkipped('a', ['x', 'y']);
  expect((await open().read()).skipped).toEqual({ a: ['x'] });
  await open().recordSolved('a');
  expect(await open().read()).toMatchObject({ skipped: {}, solved: ['a'] });
});

test('rewinding keeps the answers of the student, and forgets those that labs gave', async () => {
  await open().answer('mine/x', '1');
  await open().answer('skipped/x', '2');
  await open().begin('mine', 'run');
  await open().recordSkipped('skipped', []);
  await open().rewind(['mine', 'skipped']);
  expect(await open().read()).toMatchObject({ answers: { 'mine/x': '1' }, begun: [], begunIn: {}, skipped: {} });
});
