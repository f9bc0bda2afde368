import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { type ScoreboardOptions, scoreboard, scoreboardPage } from '../../../src/host/cli/scoreboard.ts';

const check = (id: string, outcome: CheckReport['outcome'], more: Partial<CheckReport> = {}): CheckReport => ({
  id,
  title: `Check ${id}`,
  outcome,
  points: outcome === 'pass' ? 4 : 0,
  maxPoints: 4,
  expected: 'the rule is there',
  observed: 'no rule is there',
  durationMs: 1,
  ...more,
});

const reportOf = (...tasks: (readonly CheckReport[])[]): Report => ({
  version: 'labs.report/v1',
  lab: 'service-networking',
  name: 'service-networking',
  gradedAt: '2026-01-01T00:00:00Z',
  durationMs: 1234,
  score: tasks.flat().reduce((sum, { points }) => sum + points, 0),
  maxScore: tasks.flat().length * 4,
  broken: tasks.flat().some(({ outcome }) => outcome === 'broken'),
  tasks: tasks.map((checks, index) => ({
    id: `task-${index + 1}`,
    number: index + 1,
    title: `Task ${index + 1}`,
    score: checks.reduce((sum, { points }) => sum + points, 0),
    maxScore: checks.length * 4,
    checks,
  })),
});

const defaults: ScoreboardOptions = {
  width: 60,
  paint: (_style, text) => text,
  say: messagesIn('en'),
  details: 'next',
  waiting: new Set(),
  numbers: new Map([
    ['task-1', 1],
    ['task-2', 2],
  ]),
};

const draw = (report: Report, options: Partial<ScoreboardOptions> = {}): readonly string[] =>
  scoreboard(report, { ...defaults, ...options });

describe('the scoreboard', () => {
  test('keeps a passed task green with its points when something breaks it later', () => {
    const report = reportOf([check('a', 'fail')], [check('b', 'fail')]);
    const [first, ...others] = report.tasks;
    const passed = { ...report, tasks: [{ ...first, passedAt: '2026-01-01T00:00:00Z' }, ...others] } as Report;
    const all = draw(passed, { details: 'all' }).join('\n');
    expect(all).toContain(' ✔  1  Task 1 (different now)                            4/4');
    expect(all).toContain('       ✔ Check a\n         different now: no rule is there');
    expect(all).toMatch(/Score .* 4\/8/);
    expect(draw(passed).join('\n')).not.toContain('Check a');
  });

  test('does not say that all checks pass when a passed task is different now', () => {
    const report = reportOf([check('a', 'fail')], [check('b', 'pass')]);
    const tasks = report.tasks.map((task) => ({ ...task, passedAt: '2026-01-01T00:00:00Z' }));
    const drawn = draw({ ...report, tasks }).join('\n');
    expect(drawn).toContain('Passed, but different now: 1. See `labs check 1`.');
    expect(drawn).not.toContain('All checks pass');
    const [first, second] = tasks;
    const both = draw({ ...report, tasks: [first, { ...second, ...first, number: 2 }] } as Report).join('\n');
    expect(both).toContain('different now: 1, 2.');
  });

  test('checks in a row that wait for the same say so once', () => {
    const waiting = { observed: '"The service exists"' };
    const lines = draw(
      reportOf([
        check('a', 'fail'),
        check('b', 'blocked', waiting),
        check('c', 'blocked', waiting),
        check('d', 'blocked', { observed: '"The pod runs" (task 2)' }),
      ]),
    );
    expect(lines.slice(4, 9).map((line) => line.trim())).toEqual([
      '· Check b',
      '· Check c',
      'waits for "The service exists"',
      '· Check d',
      'waits for "The pod runs" (task 2)',
    ]);
  });

  test('the page is about the first unfinished task', () => {
    const { body, foot, focus } = scoreboardPage(reportOf([check('a', 'pass')], [check('b', 'fail')]), defaults);
    expect(body[focus]).toContain('Task 2');
    expect(foot.at(-1)).toMatch(/Score .* 4\/8/);
  });

  test('shows the checks of the first unfinished task only', () => {
    const lines = draw(
      reportOf([check('a', 'pass')], [check('b', 'fail', { hint: 'look again' })], [check('c', 'fail')]),
    );
    expect(lines.join('\n')).toBe(
      [
        ' ✔  1  Task 1                                            4/4',
        ' ○  2  Task 2                                            0/4',
        '       ✘ Check b',
        '         expected  the rule is there',
        '         observed  no rule is there',
        '         hint      look again',
        ' ○  3  Task 3                                            0/4',
        '',
        ' Score                                           1.2 s  4/12',
      ].join('\n'),
    );
  });

  test('names the check that a blocked check waits for', () => {
    const text = draw(reportOf([check('a', 'fail'), check('b', 'blocked', { observed: 'task-1/a' })])).join('\n');
    expect(text).toContain('· Check b');
    expect(text).toContain('waits for task-1/a');
  });

  test('says that a check costs no points if it could not run', () => {
    expect(draw(reportOf([check('a', 'broken')])).join('\n')).toContain('costs no points');
  });

  test('says when all checks pass', () => {
    expect(draw(reportOf([check('a', 'pass')])).at(-1)).toContain('All checks pass');
  });

  test.each([
    ['en', 'hints: −2'],
    ['ko', '힌트: −2점'],
  ] as const)('explains the points that hints cost, and a part of the points of a check, in %s', (language, cost) => {
    const report = reportOf([check('a', 'pass')], [check('b', 'fail', { points: 3 })]);
    const tasks = report.tasks.map((task) => ({ ...task, score: task.score - 2, hintCost: 2 }));
    const lines = draw({ ...report, tasks }, { details: 'all', say: messagesIn(language) });
    expect(lines[0]).toMatch(new RegExp(`Task 1 \\(${cost}\\) +2/4`));
    expect(lines[2]).toMatch(new RegExp(`Task 2 \\(${cost}\\) +1/4`));
    expect(lines[3]).toBe('       ✘ Check b (3/4)');
  });

  test('says in one pair of brackets that a task is not begun and what its hints cost', () => {
    const report = reportOf([check('a', 'fail')]);
    const tasks = report.tasks.map((task) => ({ ...task, hintCost: 2 }));
    expect(draw({ ...report, tasks }, { waiting: new Set(['task-1']) })[0]).toContain('(not begun; hints: −2)');
  });

  test('marks tasks that the student has not begun', () => {
    expect(draw(reportOf([check('a', 'fail')]), { waiting: new Set(['task-1']) })[0]).toContain('(not begun)');
  });

  test('fits into the width, also in Korean', () => {
    const long = '모든 노드의 규칙이 서비스 주소와 포트로 가는 패킷의 목적지를 파드의 주소로 바꿉니다 '.repeat(3);
    const report = reportOf([check('a', 'fail', { title: long, expected: long, observed: long, hint: long })]);
    for (const line of draw(report, { say: messagesIn('ko') })) expect(stringWidth(line)).toBeLessThanOrEqual(60);
  });
});
