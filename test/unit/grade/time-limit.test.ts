import { describe, expect, test } from 'vitest';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { withoutHidden } from '../../../src/host/grade/report/hidden.ts';
import { type Clock, type Counted, countInTime, endOf } from '../../../src/host/grade/time-limit.ts';

const clock: Clock = { startedAt: '2026-11-30T08:00:00.000Z', seconds: 5400, extendedSeconds: 0, resets: 0 };

const check = (id: string, outcome: CheckReport['outcome'], over: Partial<CheckReport> = {}): CheckReport => ({
  id,
  title: id,
  outcome,
  points: outcome === 'pass' ? 2 : 0,
  maxPoints: 2,
  expected: 'that it is so',
  observed: 'as it is now',
  durationMs: 1,
  ...over,
});

const reportAt = (gradedAt: string, checks: readonly CheckReport[], over: object = {}): Report => ({
  version: 'labs.report/v1',
  lab: 'exam',
  name: 'exam',
  gradedAt,
  durationMs: 1,
  score: checks.reduce((sum, { points }) => sum + points, 0),
  maxScore: checks.length * 2,
  broken: false,
  tasks: [{ id: 'web', number: 1, title: 'Web', score: 0, maxScore: checks.length * 2, checks, ...over }],
});

const before = '2026-11-30T09:29:59.999Z';
const after = '2026-11-30T09:30:00.000Z';
const at = '2026-11-30T09:12:00.000Z';
const counted = (outcome: Counted['outcome'], points = outcome === 'pass' ? 2 : 0): Counted => ({
  at,
  points,
  outcome,
});

test('the end is the start and the limit, with what was given later', () => {
  expect(endOf(clock).toISOString()).toBe('2026-11-30T09:30:00.000Z');
  expect(endOf({ ...clock, extendedSeconds: 900 }).toISOString()).toBe('2026-11-30T09:45:00.000Z');
});

test('a lab without a clock has a report without a time limit', () => {
  const report = reportAt(after, [check('a', 'pass')]);
  expect(countInTime(report, { counted: { 'web/a': counted('fail') } })).toBe(report);
});

test('before the end, the report says how the lab is now', () => {
  const report = reportAt(before, [check('a', 'fail')]);
  const { timeLimit, ...rest } = countInTime(report, { clock, counted: { 'web/a': counted('pass') } });
  expect(rest).toEqual(report);
  expect(timeLimit).toEqual({ ...clock, endsAt: '2026-11-30T09:30:00.000Z', over: false });
});

describe('when the time is over', () => {
  test.each([
    ['what passed and is broken now', check('a', 'fail', { hint: 'Look' }), counted('pass'), 'pass', 2],
    ['what is done only now', check('a', 'pass'), counted('fail'), 'fail', 0],
    ['a part of the points', check('a', 'pass'), counted('fail', 1), 'fail', 1],
    ['what nobody graded in time', check('a', 'pass'), undefined, 'fail', 0],
    ['what waited and waits', check('a', 'blocked', { blockedBy: 'web/b' }), undefined, 'blocked', 0],
    ['what could not be graded in time', check('a', 'pass'), counted('broken'), 'broken', 0],
    ['what cannot be graded now', check('a', 'broken'), counted('pass'), 'pass', 2],
  ] as const)('%s is as the latest grading in time said', (_, now, known, outcome, points) => {
    const report = countInTime(reportAt(after, [now]), { clock, counted: known ? { 'web/a': known } : {} });
    expect(report).toMatchObject({ score: points, broken: outcome === 'broken', timeLimit: { over: true } });
    expect(report.tasks[0]).toMatchObject({ score: points, checks: [{ outcome, points }] });
    const { hint, observed } = report.tasks[0]?.checks[0] ?? {};
    expect(hint).toBeUndefined();
    expect(observed === 'as it is now').toBe(now.outcome === outcome);
    expect(report.timeLimit?.counted).toEqual([{ task: 'web', score: points, ...(known ? { since: at } : {}) }]);
  });

  test('hints cost what they cost', () => {
    const report = reportAt(after, [check('a', 'fail'), check('b', 'fail')], { hintCost: 3 });
    const result = countInTime(report, { clock, counted: { 'web/a': counted('pass'), 'web/b': counted('pass') } });
    expect(result).toMatchObject({ score: 1, tasks: [{ score: 1 }], timeLimit: { counted: [{ score: 1 }] } });
  });

  test('what students see tells nothing of hidden checks', () => {
    const checks = [check('a', 'pass'), check('b', 'pass', { visibility: 'never' })];
    const known = { 'web/a': counted('pass'), 'web/b': counted('pass') };
    const whole = countInTime(reportAt(after, checks), { clock, counted: known });
    expect(whole.timeLimit?.counted).toEqual([{ task: 'web', score: 4, since: at }]);
    expect(withoutHidden(whole).report.timeLimit?.counted).toEqual([{ task: 'web', score: 2, since: at }]);
  });

  test.each(['en', 'ko'] as const)('every format for people says so (%s)', (language) => {
    const late = { ...clock, extendedSeconds: 900, resets: 2 };
    const report = countInTime(reportAt('2026-11-30T10:00:00.000Z', [check('a', 'pass')]), { clock: late }, language);
    const over = { en: 'The time was over.', ko: '시간이 끝나' }[language];
    const given = { en: '15 min of them given later', ko: '15분은 나중에 늘림' }[language];
    for (const format of ['text', 'markdown', 'github', 'lti', 'gradescope'] as const) {
      const text = reportFormats[format](report, language);
      for (const said of [over, given]) expect(text, format).toContain(said);
    }
    // In English, as its keys.
    expect(reportFormats.tap(report, language)).toContain('\n# The time was over.');
    expect(reportFormats.junit(report, language)).toContain('<property name="timeLimit.over" value="true"/>');
    expect(reportFormats.junit(report, language)).toContain('<property name="timeLimit.extendedSeconds" value="900"/>');
    expect(JSON.parse(reportFormats.gradescope(report, language)).extra_data.timeLimit).toEqual(report.timeLimit);
  });
});
