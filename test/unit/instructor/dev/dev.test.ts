import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Dev, type DevEvent, type Workshop } from '../../../../src/host/instructor/dev/dev.ts';
import { effectOf } from '../../../../src/host/instructor/dev/effect.ts';
import { followFolder } from '../../../../src/host/instructor/dev/folder.ts';
import { finding } from '../../../../src/host/instructor/lint/finding.ts';
import { labOf } from '../../grade/world.ts';

const file = (id: string, over: object = {}) => ({ id, type: 'file', on: 'node/node01', path: `/${id}`, ...over });
const script = { id: 'c', type: 'script', file: 'check.ts' };
const solve = '/labs/test/solve.ts';
const before = { ...labOf([file('a'), file('b'), script], { solve }), folder: '/labs/test' };
const edited = (...files: string[]): ReadonlySet<string> => new Set(files);

describe('an edit concerns', () => {
  test('the checks that it changes, adds and removes', () => {
    const after = { ...labOf([file('a', { path: '/other' }), file('new'), script], { solve }), folder: '/labs/test' };
    expect(effectOf(before, after, edited('lab.yaml'))).toEqual({
      checks: ['task/a', 'task/new'],
      gone: ['task/b'],
      scripts: [],
    });
  });

  test('the checks that run scripts, and the task whose solution it is', () => {
    expect(effectOf(before, before, edited('solve.ts'))).toEqual({
      checks: ['task/c'],
      gone: [],
      scripts: [{ file: 'solve.ts', field: 'solve', task: 'task' }],
    });
  });

  test('no check if it is a text', () => {
    expect(effectOf(before, before, edited('tasks/task.md')).checks).toEqual([]);
  });
});

describe('labs dev', () => {
  const mistake = finding('spoiler', { file: 'lab.yaml', line: 3, column: 1 }, 'A spoiler', '스포일러');
  const world = () => {
    const state = {
      lab: before as typeof before | undefined,
      findings: [mistake],
      points: 0,
      differences: [] as string[],
      isDown: false,
    };
    const workshop: Workshop = {
      read: async () => state.lab,
      lint: async () => state.findings,
      async judge(_lab, check) {
        if (state.isDown) throw new Error('the lab is stopped');
        const outcome = state.points > 0 ? 'pass' : 'fail';
        return { outcome, points: state.points, maxPoints: 1, observed: check };
      },
      differences: async () => state.differences,
    };
    const told: DevEvent[] = [];
    return { state, told, dev: new Dev(workshop, before, (event) => told.push(event)) };
  };
  const after = { ...labOf([file('a', { path: '/x' }), file('b'), script], { solve }), folder: '/labs/test' };
  const done = { event: 'done', milliseconds: expect.any(Number) };

  test('tells how a check has judged before and judges now', async () => {
    const { state, told, dev } = world();
    await dev.begin();
    expect(told.splice(0)).toEqual([{ event: 'lint', found: [mistake], mended: [] }]);
    Object.assign(state, { lab: after, points: 1 });
    await dev.edited(edited('lab.yaml'));
    expect(told).toEqual([
      { event: 'edited', files: ['lab.yaml'] },
      {
        event: 'check',
        check: 'task/a',
        before: { outcome: 'fail', points: 0, maxPoints: 1, observed: 'task/a' },
        after: { outcome: 'pass', points: 1, maxPoints: 1, observed: 'task/a' },
      },
      done,
    ]);
  });

  test('tells mistakes when they come and go, whatever their line', async () => {
    const { state, told, dev } = world();
    await dev.begin();
    told.length = 0;
    state.findings = [{ ...mistake, line: 9 }];
    await dev.edited(edited('tasks/a.md'));
    state.findings = [];
    await dev.edited(edited('tasks/a.md'));
    expect(told.filter(({ event }) => event === 'lint')).toEqual([
      { event: 'lint', found: [], mended: [{ ...mistake, line: 9 }] },
    ]);
  });

  test('goes on with the lab that it has read last while lab.yaml is wrong', async () => {
    const { state, told, dev } = world();
    await dev.begin();
    told.length = 0;
    state.lab = undefined;
    await dev.edited(edited('lab.yaml'));
    state.lab = after;
    await dev.edited(edited('lab.yaml'));
    expect(told.map(({ event }) => event)).toEqual(['edited', 'invalid', 'done', 'edited', 'check', 'done']);
  });

  test('tells once that another cluster is described, and when it is the same again', async () => {
    const { state, told, dev } = world();
    await dev.begin();
    told.length = 0;
    for (const differences of [['nodes.1: a → b'], ['nodes.1: a → b'], []]) {
      state.differences = differences;
      await dev.edited(edited('lab.yaml'));
    }
    expect(told.filter(({ event }) => event === 'cluster')).toEqual([
      { event: 'cluster', differences: ['nodes.1: a → b'] },
      { event: 'cluster', differences: [] },
    ]);
  });

  test('tells once why checks cannot judge, and goes on', async () => {
    const { state, told, dev } = world();
    state.isDown = true;
    await dev.begin();
    expect(told.filter(({ event }) => event === 'unknown')).toEqual([
      { event: 'unknown', problem: 'the lab is stopped' },
    ]);
  });
});

describe('the folder', () => {
  let folder: string;
  const abort = new AbortController();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'follow-'));
    await writeFile(join(folder, 'lab.yaml'), 'one');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('tells files that are written, replaced and deleted, in new folders, too', async () => {
    const edits = await followFolder(folder, abort.signal);
    const next = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
      const told = edits.next();
      await act();
      return [...((await told).value ?? [])].sort();
    };
    expect(await next(() => writeFile(join(folder, 'lab.yaml'), 'three'))).toEqual(['lab.yaml']);
    await writeFile(join(folder, '.lab.yaml.swp'), 'other');
    expect(await next(() => rename(join(folder, '.lab.yaml.swp'), join(folder, 'lab.yaml')))).toEqual(['lab.yaml']);
    await mkdir(join(folder, 'tasks'));
    expect(await next(() => writeFile(join(folder, 'tasks/a.md'), 'a'))).toEqual(['tasks/a.md']);
    expect(await next(() => rm(join(folder, 'tasks'), { recursive: true }))).toEqual(['tasks/a.md']);
    abort.abort();
    expect((await edits.next()).done).toBe(true);
  });
});
