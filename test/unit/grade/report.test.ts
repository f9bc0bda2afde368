import { parse as parseCsv } from 'csv-parse/sync';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { CheckReport, Report } from '../../../src/api/report.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { renderText } from '../../../src/host/grade/report/text.ts';

const check = (id: string, outcome: CheckReport['outcome'], over: Partial<CheckReport> = {}): CheckReport => ({
  id,
  title: `Check ${id}`,
  outcome,
  points: outcome === 'pass' ? 2 : 0,
  maxPoints: 2,
  expected: 'pod blue gets 200 from http://orange/',
  observed: 'connection refused',
  durationMs: 1234,
  ...over,
});

const report: Report = {
  version: 'labs.report/v1',
  lab: 'service-networking',
  name: 'service-networking',
  gradedAt: '2026-11-23T08:00:00.000Z',
  durationMs: 1500,
  score: 2,
  maxScore: 8,
  broken: true,
  tasks: [
    {
      id: 'orange',
      number: 4,
      title: 'The <orange> & "blue" service # one',
      score: 2,
      maxScore: 8,
      checks: [
        check('a', 'pass', { observed: 'all is well' }),
        check('b', 'fail', { hint: 'Look at the | rules', observed: 'a <tag> & \u0000 "quote"\nand a second line' }),
        check('c', 'blocked', { observed: 'orange/b' }),
        check('d', 'broken', { observed: 'the fabric is gone' }),
      ],
    },
  ],
};

/** Of a lab with parameters, whose hints cost points. */
const drawn: Report = {
  ...report,
  student: 'kim | <b>=1',
  seed: 'spring "1"',
  tasks: report.tasks.map((task) => ({ ...task, score: 1, hintCost: 1 })),
};

describe('a lab whose nodes ran without a user namespace', () => {
  const unsafe: Report = { ...report, unsafeNodes: true };

  test.each(['text', 'markdown', 'tap', 'github', 'lti', 'gradescope'] as const)('is named so in %s', (format) => {
    expect(reportFormats[format](unsafe, 'en').replaceAll(/\s+/g, ' ')).toContain('without a user namespace');
    expect(reportFormats[format](report, 'en')).not.toContain('user namespace');
  });

  test('is named so for programs', () => {
    expect(JSON.parse(reportFormats.json(unsafe))).toMatchObject({ unsafeNodes: true });
    expect(reportFormats.junit(unsafe, 'en')).toContain('<property name="unsafeNodes" value="true"/>');
    expect(parseCsv(reportFormats.csv(unsafe), { columns: true })[0]).toMatchObject({ unsafeNodes: 'yes' });
  });

  test('is red in a terminal', () => {
    expect(renderText(unsafe, { width: 80, color: true })).toContain('\u001b[31mThe nodes ran');
  });
});

describe('a lab that was drawn for a student', () => {
  test('names the student, the seed and the cost of hints in columns of CSV, and adds no column without them', () => {
    const [row] = parseCsv(reportFormats.csv({ ...drawn, student: '=kim' }), { columns: true }) as [object];
    expect(row).toMatchObject({ student: `'=kim`, seed: 'spring "1"', hintCost: '1', taskScore: '1' });
    const [plain] = parseCsv(reportFormats.csv(report), { columns: true }) as [object];
    expect(Object.keys(row).slice(0, -3)).toEqual(Object.keys(plain));
  });

  test.each([
    ['en', 'student: kim', 'seed: spring', 'hints: −1'],
    ['ko', '학생: kim', '시드: spring', '힌트: −1점'],
  ] as const)('is in the reports for people, in %s', (language, student, seed, cost) => {
    for (const format of ['text', 'markdown', 'github', 'lti'] as const) {
      const text = reportFormats[format](drawn, language);
      expect(text).toContain(student);
      expect(text).toContain(seed);
      expect(reportFormats[format](report, language)).not.toContain(student.split(':')[0]);
    }
    expect(reportFormats.markdown(drawn, language)).toContain(`service # one (${cost}) | 1 / 8 |`);
    expect(reportFormats.markdown(drawn, language)).toContain('kim \\| &lt;b&gt;');
    expect(JSON.parse(reportFormats.lti(drawn, language)).comment).toContain(`1/8 (${cost})`);
  });

  test('is in the reports for programs', () => {
    expect(JSON.parse(reportFormats.gradescope(drawn, 'en')).extra_data).toMatchObject({
      student: 'kim | <b>=1',
      seed: 'spring "1"',
    });
    expect(reportFormats.junit(drawn, 'en')).toContain('<property name="student" value="kim | &lt;b&gt;=1"/>');
    expect(reportFormats.tap(drawn, 'en')).toContain('\n# student: kim | <b>=1, seed: spring "1"\n');
  });
});

test('JSON is the report itself', () => {
  expect(JSON.parse(reportFormats.json(report))).toEqual(report);
});

describe('JUnit', () => {
  const xml = reportFormats.junit(report, 'en');

  test('counts failures, errors and skipped checks separately', () => {
    expect(xml).toContain(
      '<testsuites name="service-networking" tests="4" failures="1" errors="1" skipped="1" time="1.500">',
    );
    expect(xml.match(/<(failure|error|skipped)/g)).toEqual(['<failure', '<skipped', '<error']);
  });

  test('escapes XML and leaves out characters that XML cannot contain', () => {
    expect(xml).toContain('The &lt;orange&gt; &amp; &quot;blue&quot; service # one');
    expect(xml).not.toContain('\u0000');
    expect(xml.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
  });
});

describe('TAP 14', () => {
  const tap = reportFormats.tap(report, 'en');

  test('has a plan and a subtest for each task, with escaped titles', () => {
    expect(tap.split('\n').slice(0, 4)).toEqual([
      'TAP version 14',
      '1..1',
      '# Subtest: orange: The <orange> & "blue" service \\# one',
      '    1..4',
    ]);
    expect(tap).toContain('not ok 1 - orange');
  });

  test('gives diagnostics in YAML and skips blocked checks', () => {
    const block = /not ok 2 - b: Check b\n\s+---\n([\s\S]*?)\n\s+\.\.\./.exec(tap)?.[1] ?? '';
    expect(parse(block)).toMatchObject({ outcome: 'fail', expected: 'pod blue gets 200 from http://orange/' });
    expect(tap).toContain('not ok 3 - c: Check c # SKIP waits for orange/b');
  });
});

test('Gradescope gets a score for each check and a note about broken checks', () => {
  const results = JSON.parse(reportFormats.gradescope(report, 'en'));
  expect(results).toMatchObject({ score: 2, output: expect.stringContaining('not your fault') });
  expect(
    results.tests.map(({ number, score, max_score, status }: Record<string, unknown>) => [
      number,
      score,
      max_score,
      status,
    ]),
  ).toEqual([
    ['4.1', 2, 2, 'passed'],
    ['4.2', 0, 2, 'failed'],
    ['4.3', 0, 2, 'failed'],
    ['4.4', 0, 2, 'failed'],
  ]);
});

test('CSV has a row for each check, and no formula', () => {
  const evil = {
    ...report,
    tasks: report.tasks.map((task) => ({ ...task, checks: [check('a', 'fail', { observed: '=cmd|"x"!A1' })] })),
  };
  const rows = parseCsv(reportFormats.csv(evil), { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({
    ...{ lab: 'service-networking', task: 'orange', number: '4', taskTitle: 'The <orange> & "blue" service # one' },
    ...{ check: 'a', outcome: 'fail', points: '0', maxPoints: '2', observed: `'=cmd|"x"!A1` },
  });
  const all = parseCsv(reportFormats.csv(report), { columns: true }) as Record<string, string>[];
  expect(all.map(({ outcome }) => outcome)).toEqual(['pass', 'fail', 'blocked', 'broken']);
});

test('GitHub gets an annotation for each check that did not pass, on one line each', () => {
  const lines = reportFormats.github(report, 'en').trimEnd().split('\n');
  expect(lines.map((line) => /^::(\w+) title=([^:,]*)::(.*)$/.exec(line)?.[1])).toEqual([
    'error',
    'notice',
    'warning',
    'notice',
  ]);
  expect(lines[0]).toContain('title=4. The <orange> & "blue" service # one%3A Check b::');
  expect(lines[0]).toContain('"quote"%0Aand a second line');
  expect(lines.at(-1)).toContain('::Points: 2/8');
});

test('LTI gets a score, which is not final when a check is broken', () => {
  expect(JSON.parse(reportFormats.lti(report, 'en'))).toEqual({
    timestamp: '2026-11-23T08:00:00.000Z',
    scoreGiven: 2,
    scoreMaximum: 8,
    comment: expect.stringMatching(/\n4\. The <orange> & "blue" service # one: 2\/8$/),
    activityProgress: 'Submitted',
    gradingProgress: 'Failed',
  });
  const tasks = report.tasks.map((task) => ({ ...task, score: 1, hintCost: 1, checks: [check('a', 'pass')] }));
  expect(JSON.parse(reportFormats.lti({ ...report, broken: false, score: 1, tasks }, 'en'))).toMatchObject({
    // Although hints cost points.
    activityProgress: 'Completed',
    gradingProgress: 'FullyGraded',
  });
});

test('Markdown escapes characters that would break the table or the markup', () => {
  const markdown = reportFormats.markdown(report, 'en');
  expect(markdown).toContain('| ❌ | 4. The &lt;orange&gt; &amp; "blue" service # one | 2 / 8 |');
  expect(markdown).toContain('hint: Look at the \\| rules');
  expect(markdown).toContain('[!WARNING]');
});

test.each(['text', 'markdown', 'gradescope', 'junit'] as const)(
  'the words of a report as %s are Korean in Korean',
  (format) => {
    const lines = reportFormats[format](report, 'ko').replaceAll('&#10;', '\n');
    expect(lines).not.toMatch(/expected(:| {2})|observed(:| {2})|hint(:| {2})|waits for|could not be|Points|Score/);
    for (const word of ['기댓값', '실젯값', '힌트', '선행 조건', '오류']) expect(lines).toContain(word);
  },
);

test('TAP says in Korean what a skipped check waits for, with English keys for programs', () => {
  const tap = reportFormats.tap(report, 'ko');
  expect(tap).toContain('# SKIP 선행 조건: orange/b');
  expect(tap).toContain('expected: pod blue gets 200');
});

describe('text', () => {
  test('is plain without colour and says what was expected and observed', () => {
    const text = renderText(report, { width: 80, color: false });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('expected  pod blue gets 200 from http://orange/');
    expect(text).toContain('waits for orange/b');
    expect(text).toContain('Score 2 / 8');
    expect(text).toContain('not your fault');
  });

  test('shows the number of each task, which other commands take', () => {
    const lines = renderText(report, { width: 80, color: false }).split('\n');
    expect(lines[0]).toMatch(/^! {2}4 {2}The <orange> .* 2\/8$/);
    expect(lines[1]).toBe('      ✔ Check a');
    expect(lines[3]).toMatch(/^ {8}expected {2}pod blue/);
    expect(reportFormats.markdown(report, 'en')).toContain('<summary>4. The');
  });

  test('has colours on request', () => {
    expect(renderText(report, { width: 80, color: true })).toContain('\u001b[32m');
  });

  test.each([40, 60, 80, 200])('fits into %i columns, also with letters that are two columns wide', (width) => {
    const korean: Report = {
      ...report,
      tasks: report.tasks.map((task) => ({
        ...task,
        title: '노드를 건너서 다른 노드의 파드에 접속하는 아주 긴 제목의 과제입니다 그리고 더 길어집니다',
        checks: task.checks.map((one) => ({ ...one, title: '모든노드가서비스로온패킷을오렌지로보낸다'.repeat(3) })),
      })),
    };
    const lines = renderText(korean, { width, color: false, language: 'ko' }).split('\n');
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(Math.min(width, 120));
    const points = lines.find((line) => line.endsWith('2/8')) ?? '';
    expect(stringWidth(points)).toBe(Math.min(width, 120));
  });

  test('shows a finished task on one line', () => {
    const done = {
      ...report,
      broken: false,
      tasks: report.tasks.map((task) => ({ ...task, checks: [check('a', 'pass')] })),
    };
    expect(renderText(done, { width: 80, color: false }).trim().split('\n')).toHaveLength(3);
  });
});
