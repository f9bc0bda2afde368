// Validates reports against the schemas of their formats, or reads them with a program that uses the format.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { parse as parseJunit } from 'junit2json';
import { Parser } from 'tap-parser';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Report, reportJsonSchema } from '../../../src/api/report.ts';
import { gradeLab } from '../../../src/host/grade/engine.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { gradescopeSchema, ltiSchema } from '../../support/report-schemas.ts';
import { accessTo, dbRules, everyNode, labOf, noRules, objects } from './world.ts';

const lab = labOf([
  { id: 'made', type: 'object', object: 'service/db-service', title: { en: 'It is made', ko: '서비스가 있다' } },
  { id: 'blocked', type: 'object', object: 'pod/blue', needs: 'none' },
  { id: 'none', type: 'object', object: 'pod/none', hint: 'Make it <now> & "here"' },
  { id: 'rules', type: 'iptables', on: 'node/node01', rules: { table: 'nat', chain: 'KUBE-SVC-DB' } },
  { id: 'where', type: 'answer', question: 'Where?', equals: 'here' },
  { id: 'form', type: 'answer', question: 'How many?', equals: '3' },
]);

const at = (second: number): string => new Date(Date.UTC(2026, 10, 29, 8, 0, second)).toISOString();
const student = {
  answers: { 'task/where': 'here', 'task/form': 'many\nmore' },
  verified: {},
  begun: [],
  solved: ['task'],
  passedAt: { task: at(0) },
  history: [
    ...Array.from({ length: 7 }, (_, second) => ({
      ...{ at: at(second), what: 'answer' as const, task: 'task', check: 'where', right: false, answer: 'x' },
    })),
    { at: at(9), what: 'reset' as const },
  ],
};

const grade = (facts: Parameters<typeof everyNode>[0] | undefined, language: 'en' | 'ko' = 'en'): Promise<Report> =>
  gradeLab({
    lab,
    access: accessTo({ objects, ...(facts ? { facts: everyNode(facts) } : {}) }),
    progress: student,
    language,
    once: true,
    signal: new AbortController().signal,
  });

const reports: Record<string, Report> = {};
beforeAll(async () => {
  reports.mixed = await grade({ iptables: noRules });
  reports.broken = await grade(undefined);
  reports.korean = await grade({ iptables: dbRules }, 'ko');
  const checks = reports.mixed.tasks[0]?.checks.filter(({ outcome }) => outcome === 'pass') ?? [];
  const steps = [
    { step: 'a <b>.yaml', outcome: 'done' as const, durationMs: 3 },
    { step: 'c.sh (node01)', outcome: 'failed' as const, message: 'first # line\nsecond "line"', durationMs: 1 },
  ];
  reports.submitted = { ...reports.mixed, submission: { digest: 'sha256:0', steps } };
  const costs = reports.submitted.tasks.map((task) => ({ ...task, hintCost: 1 }));
  reports.drawn = { ...reports.submitted, tasks: costs, student: 'kim # <b>\n1..9', seed: 'spring "1"' };
  reports.passed = { ...reports.mixed, score: 1, maxScore: 1, tasks: [{ ...reports.mixed.tasks[0]!, checks }] };
});
const names = ['mixed', 'broken', 'korean', 'passed', 'submitted', 'drawn'] as const;
const outcomesOf = (name: string) => reports[name]?.tasks[0]?.checks.map(({ outcome }) => outcome);

const validator = (schema: object): ValidateFunction => {
  const ajv = new Ajv({ allErrors: true, strict: true });
  formats.default(ajv);
  return ajv.compile(schema);
};

test.each(['text', 'markdown', 'gradescope', 'github', 'lti', 'junit', 'tap'] as const)(
  'a step of a submission that failed is in the report as %s',
  (format) => {
    const text = reportFormats[format](reports.submitted as Report, 'ko');
    for (const word of ['c.sh (node01)', 'first', 'second']) expect(text).toContain(word);
    expect(text).not.toContain('a <b>');
  },
);

test('the reports have every outcome', () => {
  expect(outcomesOf('mixed')).toEqual(['pass', 'blocked', 'fail', 'fail', 'pass', 'fail']);
  expect(outcomesOf('broken')).toContain('broken');
  expect(outcomesOf('passed')).toEqual(['pass', 'pass']);
  expect(reports.mixed?.tasks[0]).toMatchObject({ guessed: [{ check: 'where', wrong: 7 }], solved: true });
});

describe('JSON', () => {
  test('the published schema is current (node scripts/node.mjs json-schemas.ts)', async () => {
    const file = join(import.meta.dirname, '../../../schema/report.schema.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(reportJsonSchema());
  });

  test.each(names)('the report %s is as the published schema says, and has no field that it does not name', (name) => {
    for (const strict of [false, true]) {
      const valid = validator(reportJsonSchema({ strict }));
      valid(JSON.parse(reportFormats.json(reports[name] as Report)));
      expect(valid.errors).toBeNull();
    }
  });

  test('a report of a later version with more fields is valid, a report without its score is not', () => {
    const valid = validator(reportJsonSchema());
    expect(valid({ ...reports.mixed, more: 1 })).toBe(true);
    expect(valid({ ...reports.mixed, score: undefined })).toBe(false);
  });
});

describe.each(names)('of the report %s', (name) => {
  const count = (outcome: string): number => (outcomesOf(name) ?? []).filter((each) => each === outcome).length;
  const render = (format: keyof typeof reportFormats): string => reportFormats[format](reports[name] as Report, 'en');

  test('JUnit has the right counts for a reader of JUnit XML', async () => {
    const suites = await parseJunit(render('junit'));
    const cases = suites && 'testsuite' in suites ? suites.testsuite?.flatMap(({ testcase = [] }) => testcase) : [];
    const own = reports[name]?.submission?.steps.map(({ outcome }) => (outcome === 'done' ? 'pass' : 'fail')) ?? [];
    expect(suites).toMatchObject({
      tests: own.length + (outcomesOf(name) ?? []).length,
      failures: own.filter((each) => each === 'fail').length + count('fail'),
      errors: count('broken'),
    });
    expect(
      cases?.map((each) => (each.failure ? 'fail' : each.error ? 'broken' : each.skipped ? 'blocked' : 'pass')),
    ).toEqual([...own, ...(outcomesOf(name) ?? [])]);
  });

  test('JUnit names the student and the seed in each suite, if there are any', async () => {
    const suites = await parseJunit(render('junit'));
    const own = suites && 'testsuite' in suites ? suites.testsuite?.map(({ properties = [] }) => properties) : [];
    const wanted = [
      { name: 'student', value: 'kim # <b>\n1..9' },
      { name: 'seed', value: 'spring "1"' },
    ];
    expect(own?.length).toBeGreaterThan(0);
    for (const each of own ?? []) expect(each).toEqual(name === 'drawn' ? wanted : []);
  });

  test('TAP is right for a strict parser', () => {
    const events = Parser.parse(`pragma +strict\n${render('tap')}`);
    const text = JSON.stringify(events);
    expect(text).not.toMatch(/"tapError":"|"extra"/);
    expect(events.filter(([event]) => event === 'child')).toHaveLength(1);
    // The test points of the subtest, and the one of the whole task.
    const points = [...text.matchAll(/\["assert",\{"ok":(true|false)/g)].map(([, ok]) => ok);
    expect(points).toEqual([...(outcomesOf(name) ?? []).map((each) => `${each === 'pass'}`), `${name === 'passed'}`]);
  });

  test.each([
    ['gradescope', gradescopeSchema],
    ['lti', ltiSchema],
  ] as const)('%s is as its specification says', (format, schema) => {
    const valid = validator(schema);
    valid(JSON.parse(render(format)));
    expect(valid.errors).toBeNull();
  });
});
