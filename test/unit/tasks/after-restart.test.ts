import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { restoreWork, resumeLab } from '../../../src/host/tasks/after-restart.ts';
import { goTo, planGoto } from '../../../src/host/tasks/checkpoint.ts';
import { beginTask, runOf } from '../../../src/host/tasks/run.ts';
import { type LabOfScripts, labOfScripts } from './lab-of-scripts.ts';

let folder: string;
let world: LabOfScripts;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'after-restart-'));
  world = await labOfScripts(folder, 'one', 'two', 'mend-three', 'four');
});
afterEach(() => rm(folder, { recursive: true }));

const signal = new AbortController().signal;
const events = { working: (_what: unknown, work: () => Promise<void>) => work() };

/** The cluster of these tests changes at once. */
const patience = { startMs: 0, effectMs: 0 };

const grade = async () => {
  const { lab, access, progress } = world;
  const report = await gradeLab({ lab, access, progress: await progress.read(), signal });
  await progress.record(report, { lab, run: runOf(access) });
  return report;
};
const finish = async (...ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    world.objects.add(id);
    await world.progress.answer(`${id}/question`, 'right');
  }
  await grade();
};

/** The machines start again, and these objects are gone. */
const restart = async (...lost: readonly string[]) => {
  for (const id of lost) world.objects.delete(id);
  world.ran.length = 0;
  const access = { ...world.access, machines: [] };
  const { redone, lost: missing, faults } = await restoreWork({ ...world, access, signal }, events, patience);
  return {
    redone: redone.map(({ task, checks }) => [task.id, checks.map(({ id }) => id)]),
    lost: missing.map(({ task, checks, cause }) => [task.id, checks.map(({ id }) => id), String(cause ?? '')]),
    faults: faults.map(({ task }) => task.id),
  };
};
const nothing = { redone: [], lost: [], faults: [] };
const solutionOf = (id: string): string => world.task(id).solve ?? '';

describe('finished work after a restart', () => {
  test('is done again where it was lost, and the record says so', async () => {
    await finish('one', 'two');
    expect(await restart('one')).toEqual({ ...nothing, redone: [['one', ['made']]] });
    expect(world.ran).toEqual(['make one']);
    const { history, solved, skipped, answers } = await world.progress.read();
    expect(history).toMatchObject([{ what: 'redo', task: 'one' }]);
    expect({ solved, skipped, answers }).toEqual({
      solved: [],
      skipped: {},
      answers: { 'one/question': 'right', 'two/question': 'right' },
    });
    expect((await grade()).tasks.map(({ score }) => score)).toEqual([2, 2, 0, 0]);
  });

  test('stays alone in the same run of the machines', async () => {
    await finish('one');
    world.objects.delete('one');
    expect((await restoreWork({ ...world, signal }, events, patience)).redone).toEqual([]);
    expect(world.ran).toEqual([]);
  });

  test('stays lost if the student had broken it before', async () => {
    await finish('one');
    world.objects.delete('one');
    await grade();
    expect(await restart()).toEqual(nothing);
    expect(world.ran).toEqual([]);
  });

  test('of labs goto is made again, and gives no points', async () => {
    const target = world.task('two');
    const report = await grade();
    const { lab, access } = world;
    const plan = await planGoto(lab, target, {
      report,
      progress: await world.progress.read(),
      scripts: access.scripts,
    });
    await goTo({ ...world, task: target, signal }, plan, { report, ...events });
    expect((await restart('one')).redone).toEqual([['one', ['made']]]);
    expect((await grade()).score).toBe(0);
  });

  test('that labs goto has removed stays removed', async () => {
    await finish('one', 'two');
    const target = world.task('two');
    const report = await grade();
    const { lab, access } = world;
    const plan = await planGoto(lab, target, {
      report,
      progress: await world.progress.read(),
      scripts: access.scripts,
    });
    await goTo({ ...world, task: target, signal }, plan, { report, ...events });
    expect(await restart()).toEqual(nothing);
    expect([...world.objects]).toEqual(['one']);
  });
});

test('work of a task that is not finished is only named: nobody has earned what a solution would give', async () => {
  world.objects.add('two');
  await grade();
  expect(await restart('two')).toEqual({ ...nothing, lost: [['two', ['made'], '']] });
  expect(world.ran).toEqual([]);
});

test('a finished task without a solution is named, and so is one whose solution fails', async () => {
  await finish('one', 'two');
  await writeFile(solutionOf('two'), `export const solve = async () => { throw new Error('no luck'); };`);
  const { solve: _, ...unsolvable } = world.task('one');
  const lab = { ...world.lab, tasks: world.lab.tasks.map((task) => (task.id === 'one' ? unsolvable : task)) };
  world = { ...world, lab };
  expect(await restart('one', 'two')).toEqual({
    ...nothing,
    lost: [
      ['one', ['made'], ''],
      ['two', ['made'], expect.stringContaining('no luck')],
    ],
  });
});

test('a later finished task that the solution of an earlier one breaks is done again, too', async () => {
  await finish('one', 'two');
  await writeFile(
    solutionOf('one'),
    `export const solve = async (lab) => { await lab.kubectl('remove', 'two'); await lab.kubectl('make', 'one'); };`,
  );
  expect((await restart('one')).redone.map(([id]) => id)).toEqual(['one', 'two']);
  expect((await grade()).score).toBe(4);
});

test('a fault that the solution of another task mends is put back, so that it gives no points', async () => {
  await finish('one');
  await beginTask({ ...world, task: world.task('mend-three'), signal });
  await grade();
  await writeFile(
    solutionOf('one'),
    `export const solve = async (lab) => { await lab.kubectl('make', 'mend-three'); await lab.kubectl('make', 'one'); };`,
  );
  expect(await restart('one')).toMatchObject({ redone: [['one', ['made']]], faults: [] });
  expect([...world.objects]).toEqual(['one']);
});

describe('the setup of a lab', () => {
  const resumeWith = async (script: string): Promise<readonly string[]> => {
    const setup = join(folder, 'lab-setup.ts');
    await writeFile(setup, `export const setup = async (lab) => { await lab.kubectl('make', 'all'); };\n`);
    await appendFile(setup, script);
    await resumeLab({ ...world, lab: { ...world.lab, setup }, signal });
    return world.ran;
  };

  test('makes its part again by resume', async () => {
    expect(await resumeWith(`export const resume = async (lab) => { await lab.kubectl('make', 'part'); };`)).toEqual([
      'make part',
    ]);
  });

  test('does not run a second time without resume', async () => {
    expect(await resumeWith('')).toEqual([]);
  });

  test('that fails is named', async () => {
    await expect(resumeWith(`export const resume = async () => { throw new Error('no router'); };`)).rejects.toThrow(
      /could not be set up again: .*no router/,
    );
  });
});
