import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { renderText } from '../../../src/host/grade/report/text.ts';
import { goTo, planGoto, startAnew, type Work } from '../../../src/host/tasks/checkpoint.ts';
import { nextTask } from '../../../src/host/tasks/next.ts';
import { beginTask } from '../../../src/host/tasks/run.ts';
import { scripts } from '../grade/world.ts';
import { type LabOfScripts, labOfScripts } from './lab-of-scripts.ts';

let folder: string;
let world: LabOfScripts;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  world = await labOfScripts(folder, 'one', 'two', 'mend-three', 'four', 'mend-five');
});
afterEach(() => rm(folder, { recursive: true }));

const signal = new AbortController().signal;
const run = (id: string) => ({ ...world, task: world.task(id), signal });

const grade = async (): Promise<Report> => {
  const report = await gradeLab({ ...world, progress: await world.progress.read(), signal });
  await world.progress.record(report);
  return report;
};
const pointsBy = ({ tasks }: Report) => Object.fromEntries(tasks.map(({ id, score }) => [id, score]));

/** Does the task as a student. */
const doTask = async (id: string): Promise<void> => {
  await beginTask(run(id));
  world.objects.add(id);
  await world.progress.answer(`${id}/question`, 'right');
  await grade();
};

/** @returns the titles of the work that was shown */
const goto = async (id: string): Promise<readonly string[]> => {
  const shown: string[] = [];
  const report = await grade();
  const plan = await planGoto(world.lab, world.task(id), { report, progress: await world.progress.read(), scripts });
  await goTo(run(id), plan, {
    report,
    async working(task, work) {
      shown.push(typeof task === 'string' ? task : task.id);
      await work();
    },
  });
  return shown;
};

const anew = (id: string) => startAnew(run(id), { working: (_task, work) => work() });

test('one look is enough for all finished tasks of which nothing is missing, and one for the fault', async () => {
  for (const id of ['one', 'two', 'mend-three', 'four']) await doTask(id);
  const before = world.looks();
  await anew('mend-five');
  expect(world.looks() - before).toBe(2);
});

describe('goto', () => {
  test('plans what is kept, what labs does, and what is removed', async () => {
    await doTask('one');
    await doTask('four');
    const plan = await planGoto(world.lab, world.task('four'), {
      scripts,
      report: await grade(),
      progress: await world.progress.read(),
    });
    const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);
    expect({ keep: ids(plan.keep), skip: ids(plan.skip), remove: ids(plan.remove) }).toEqual({
      keep: ['one'],
      skip: ['two', 'mend-three'],
      remove: ['four'],
    });
  });

  test('makes the state before the task, with faults that were repaired, and gives no points for it', async () => {
    await doTask('one');
    expect(await goto('four')).toEqual(['restore', 'clear', 'two', 'mend-three']);
    expect([...world.objects]).toEqual(['one', 'two', 'mend-three']);
    expect(world.ran.slice(-3)).toEqual(['remove mend-three', 'break mend-three', 'make mend-three']);
    const report = await grade();
    expect(pointsBy(report)).toEqual({ one: 2, two: 0, 'mend-three': 0, four: 0, 'mend-five': 0 });
    const [, two] = report.tasks;
    expect(two).toMatchObject({ skipped: true });
    expect(two?.checks[0]).toMatchObject({
      outcome: 'blocked',
      points: 0,
      observed: expect.stringContaining('labs reset 2'),
    });
    expect(renderText(report, { width: 80, color: false })).toMatch(
      /^✘ {2}2 {2}The task two {2}\(done by labs goto\) +0\/2$/m,
    );
    const progress = await world.progress.read();
    expect(progress).toMatchObject({ passed: ['one'], answers: { 'two/question': 'right' } });
    expect(nextTask(world.lab, progress)?.id).toBe('four');
  });

  test('can be repeated, and then does nothing that is done already', async () => {
    await goto('four');
    expect(await goto('four')).toEqual(['restore', 'clear']);
    world.objects.delete('two');
    expect(await goto('four')).toEqual(['restore', 'clear', 'two']);
    expect(pointsBy(await grade())).toMatchObject({ one: 0, two: 0 });
  });

  test('keeps the points that the student earned before', async () => {
    world.objects.add('two');
    await world.progress.answer('two/question', 'wrong');
    await goto('four');
    expect(pointsBy(await grade())).toMatchObject({ one: 0, two: 1 });
    await goto('four');
    expect(pointsBy(await grade())).toMatchObject({ one: 0, two: 1 });
  });

  test('keeps a task passed, with the student’s answer, and makes again what is missing of it', async () => {
    await doTask('one');
    world.objects.delete('one');
    expect(await goto('two')).toEqual(['restore', 'clear', 'one']);
    expect(pointsBy(await grade())).toMatchObject({ one: 2 });
    expect((await world.progress.read()).skipped).toEqual({});
  });

  test('removes what later tasks made and broke, and keeps them passed', async () => {
    await doTask('four');
    await beginTask(run('mend-five'));
    await goto('one');
    expect([...world.objects]).toEqual([]);
    expect(await world.progress.read()).toMatchObject({ passed: ['four'], begun: [] });
  });

  test('gives a skipped task back to the student, who can then earn its points', async () => {
    await goto('four');
    await goto('two');
    expect(await world.progress.read()).toMatchObject({ skipped: { one: [] }, begun: [] });
    await doTask('two');
    expect(pointsBy(await grade())).toMatchObject({ one: 0, two: 2 });
  });

  test('refuses a task that no script can do, before anything happens', async () => {
    const { solve: _, ...unsolved } = world.task('two');
    const tasks = world.lab.tasks.map((task) => (task.id === 'two' ? unsolved : task));
    const state = { report: await grade(), progress: await world.progress.read(), scripts };
    await expect(planGoto({ ...world.lab, tasks }, world.task('four'), state)).rejects.toMatchObject({
      code: 'LAB_SOLVE_MISSING',
      message: expect.stringContaining('"two" has no solution'),
    });
    expect(world.ran).toEqual([]);
  });

  test('gives no points although it failed in the middle', async () => {
    const report = await grade();
    const plan = await planGoto(world.lab, world.task('four'), {
      report,
      progress: await world.progress.read(),
      scripts,
    });
    const working = async (task: Work, work: () => Promise<void>) => {
      await work();
      if (typeof task !== 'string' && task.id === 'one') throw new Error('the machine was switched off');
    };
    await expect(goTo(run('four'), plan, { report, working })).rejects.toThrow('switched off');
    expect(pointsBy(await grade())).toMatchObject({ one: 0, two: 0 });
    await goto('four');
    expect([...world.objects]).toEqual(['one', 'two', 'mend-three']);
  });
});

describe('reset of one task', () => {
  test('removes what the task made, and forgets its answers and its result', async () => {
    await doTask('one');
    await doTask('two');
    await anew('two');
    expect([...world.objects]).toEqual(['one']);
    expect(await world.progress.read()).toMatchObject({ passed: ['one'], answers: { 'one/question': 'right' } });
  });

  test('breaks a task with a fault again, and the task stays begun', async () => {
    await doTask('mend-three');
    await anew('mend-three');
    expect(world.ran.at(-1)).toBe('break mend-three');
    expect(await world.progress.read()).toMatchObject({ begun: ['mend-three'], passed: [] });
    expect(pointsBy(await grade())).toMatchObject({ 'mend-three': 0 });
  });

  test('makes again what a finished earlier task made, and gives nothing of an open task away', async () => {
    await doTask('one');
    world.objects.delete('one');
    await anew('four');
    expect([...world.objects]).toEqual(['one']);
    expect((await world.progress.read()).passed).toEqual(['one']);
  });

  test('repairs the nodes first, but not for a task that only asks', async () => {
    await doTask('one');
    await anew('one');
    expect(world.ran.slice(-2)).toEqual(['restore nodes', 'remove one']);
    world.ran.length = 0;
    const solve = join(folder, 'asks.ts');
    await writeFile(solve, 'export const solve = async () => {};');
    await startAnew({ ...run('one'), task: { ...world.task('one'), solve } }, { working: (_task, work) => work() });
    expect(world.ran).toEqual([]);
  });

  test('leaves the fault of another task in place', async () => {
    await doTask('one');
    await beginTask(run('mend-three'));
    world.objects.delete('one');
    await anew('four');
    expect(world.ran.at(-1)).toBe('break mend-three');
  });

  test('makes a skipped task the student’s own again', async () => {
    await goto('four');
    await anew('one');
    expect((await world.progress.read()).skipped).toEqual({ two: [], 'mend-three': [] });
    await doTask('one');
    expect(pointsBy(await grade())).toMatchObject({ one: 2 });
  });
});
