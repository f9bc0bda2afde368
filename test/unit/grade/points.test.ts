// Points that are not all or nothing: parts of checks, the cost of hints, and checks that the student does not see.
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../src/api/facts.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { withoutHidden } from '../../../src/host/grade/report/hidden.ts';
import { renderText } from '../../../src/host/grade/report/text.ts';
import { forStudent } from '../../../src/host/lab/hidden.ts';
import { grade, gradeCheck, labOf, nobody } from './world.ts';

const route = (destination: string): Facts => ({ routes: [{ destination, type: 'unicast', device: 'eth0' }] });
/** Two of three nodes have the route. */
const world = {
  facts: { controlplane: route('10.9.0.0/16'), node01: route('10.8.0.0/16'), node02: route('10.9.0.0/16') },
};
const everywhere = { type: 'route', on: 'node/*', to: '10.9.0.0/16', device: 'eth0', points: 2 };

describe('a part of the points', () => {
  test('is the part of the places that are right, and only if the check says so', async () => {
    expect(await gradeCheck({ ...everywhere, partial: true }, world)).toMatchObject({ outcome: 'fail', points: 1.33 });
    expect(await gradeCheck(everywhere, world)).toMatchObject({ outcome: 'fail', points: 0 });
    expect(await gradeCheck({ ...everywhere, partial: true, not: true }, world)).toMatchObject({ points: 0.67 });
  });

  test('is never all of them, nor any where nothing is right', async () => {
    const wrong = { facts: { ...world.facts, controlplane: route('10.8.0.0/16'), node02: route('10.8.0.0/16') } };
    expect(await gradeCheck({ ...everywhere, partial: true }, wrong)).toMatchObject({ outcome: 'fail', points: 0 });
    expect(await gradeCheck({ ...everywhere, points: 0.01, partial: true }, world)).toMatchObject({ points: 0 });
  });

  test('is shown beside the title', async () => {
    const report = await grade(labOf([{ ...everywhere, partial: true }]), world);
    expect(report).toMatchObject({ score: 1.33, maxScore: 2 });
    expect(renderText(report, { width: 80, color: false })).toContain('✘ It works (1.33/2)');
  });
});

describe('hints that cost points', () => {
  const hints = [
    { text: { en: 'One' }, cost: 0 },
    { text: { en: 'Two' }, cost: 1.5 },
    { text: { en: 'Three' }, cost: 4 },
  ];
  const graded = (read: number) =>
    grade(labOf([{ ...everywhere, on: 'node/node02' }], { hints }), world, { ...nobody, hints: { task: read } });

  test('lower the score of their task once they are read, but not below 0', async () => {
    expect(await graded(1)).toMatchObject({ score: 2, tasks: [{ score: 2 }] });
    expect((await graded(1)).tasks[0]).not.toHaveProperty('hintCost');
    expect(await graded(2)).toMatchObject({ score: 0.5, tasks: [{ score: 0.5, hintCost: 1.5 }] });
    expect(await graded(3)).toMatchObject({ score: 0, tasks: [{ score: 0, hintCost: 5.5 }] });
    expect(await graded(9)).toMatchObject({ score: 0 });
  });

  test('are named in reports', async () => {
    const report = await graded(2);
    expect(renderText(report, { width: 80, color: false })).toMatch(/Task {2}\(hints: −1\.5\) +0\.5\/2/);
    expect(JSON.parse(reportFormats.gradescope(report, 'en'))).toMatchObject({ score: 0.5, output: '1. hints: −1.5' });
    expect(reportFormats.csv(report)).toContain(',0.5,');
  });
});

describe('hidden checks', () => {
  const lab = labOf([
    { ...everywhere, on: 'node/node02' },
    { ...everywhere, id: 'later', title: 'Secret one', on: 'node/node01', visibility: 'afterDue' },
    { ...everywhere, id: 'never', title: 'Secret two', on: 'node/node02', visibility: 'never' },
  ]);

  test('count, and are not in what the student works with', async () => {
    expect(await grade(lab, world)).toMatchObject({ score: 4, maxScore: 6 });
    expect(await grade(forStudent(lab), world)).toMatchObject({ score: 2, maxScore: 2, tasks: [{ checks: [{}] }] });
  });

  test('are left out of formats that students read, with their points', async () => {
    const report = await grade(lab, world);
    expect(withoutHidden(report)).toMatchObject({
      hidden: 2,
      report: { score: 2, maxScore: 2, tasks: [{ score: 2 }] },
    });
    for (const text of [
      renderText(report, { width: 80, color: false }),
      reportFormats.markdown(report, 'en'),
      reportFormats.github(report, 'en'),
    ]) {
      expect(text).not.toContain('Secret');
      expect(text).toContain('2 hidden checks are not shown');
    }
    const shown = await grade(forStudent(lab), world);
    expect(withoutHidden(shown)).toEqual({ report: shown, hidden: 0 });
  });

  test('are marked for graders', async () => {
    const report = await grade(lab, world);
    const { tests } = JSON.parse(reportFormats.gradescope(report, 'en'));
    expect(tests.map(({ visibility }: { visibility: string }) => visibility)).toEqual([
      ...['visible', 'after_due_date', 'hidden'],
    ]);
    expect(reportFormats.csv(report)).toContain(',afterDue,');
    expect(report.tasks[0]?.checks.map(({ visibility }) => visibility)).toEqual([undefined, 'afterDue', 'never']);
  });
});
