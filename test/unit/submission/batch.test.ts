import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import {
  failuresIn,
  isCurrent,
  parseRows,
  type Row,
  renderRows,
  reportNameOf,
  secondsLeft,
  studentOf,
  withRow,
} from '../../../src/host/submission/batch.ts';

const row = (submission: string, more: Partial<Row> = {}): Row => ({
  submission,
  digest: 'sha256:1',
  labDigest: 'sha256:2',
  outcome: 'graded',
  score: '3',
  maxScore: '4',
  failedSteps: '0',
  gradedAt: '2026-11-29T08:00:00.000Z',
  seconds: '9.1',
  report: 'results-reports/a.json',
  message: '',
  ...more,
});

describe('the table of results', () => {
  test('is read as it was written, in the order of names', () => {
    const rows = [row('kim'), row('"an, other"\n', { message: 'two\r\nlines' }), row('이영희')];
    expect(parseRows(renderRows(rows))).toEqual([rows[1], rows[0], rows[2]]);
    expect(parseRows(renderRows([]))).toEqual([]);
    expect(parseRows('')).toEqual([]);
  });

  test('has no formula, and keeps the name all the same', () => {
    const rows = ['=1+1', '+a', '-b', '@c'].map((name) => row(name));
    const text = renderRows(rows);
    const cells = (parse(text, { columns: true }) as { submission: string }[]).map(({ submission }) => submission);
    expect(cells.every((cell) => cell.startsWith("'"))).toBe(true);
    expect(
      parseRows(text)
        ?.map(({ submission }) => submission)
        .sort(),
    ).toEqual(['+a', '-b', '=1+1', '@c']);
  });

  test('keeps names apart that begin with the mark against formulas', () => {
    const names = ["=cmd|' x", "'=cmd|' x", "''=cmd|' x", "'", "''", "'a", 'a', "'-", '-'];
    const read = parseRows(renderRows(names.map((name) => row(name)))) ?? [];
    expect(read.map(({ submission }) => submission).sort()).toEqual(names.toSorted());
  });

  test('names the student that a lab was drawn for, and reads tables without this column', () => {
    const [kim] = parseRows(renderRows([row('a b', { student: 'a-b-1' })])) ?? [];
    expect(kim).toEqual(row('a b', { student: 'a-b-1' }));
    const old = renderRows([row('kim')]).replaceAll(/,(?:student)?(?=\r)/g, '');
    expect(old).not.toContain('student');
    expect(parseRows(old)).toEqual([row('kim')]);
  });

  test.each(['name,points\nkim,3\n', 'not a table', '"open', 'submission,outcome\n'])('is not %j', (text) => {
    expect(parseRows(text)).toBeUndefined();
  });

  test('has one row for each submission', () => {
    const rows = withRow([row('kim'), row('lee')], row('kim', { score: '4' }));
    expect(rows.map(({ submission, score }) => `${submission} ${score}`)).toEqual(['lee 3', 'kim 4']);
  });
});

describe('the student of a folder', () => {
  test('is its name, if a lab can be drawn for this name', () => {
    expect(['kim', 'kim@example.org', 'x'.repeat(64)].map(studentOf)).toEqual([
      ...['kim', 'kim@example.org', 'x'.repeat(64)],
    ]);
  });

  test('is one of its own for each other name', () => {
    const names = ['a b, c', 'a b; c', "=cmd|' x", 'x'.repeat(65), 'x'.repeat(66), '이영희', '김철수', ' ', '  '];
    const students = names.map(studentOf);
    expect(new Set(students).size).toBe(names.length);
    for (const student of students) expect(student).toMatch(/^[\w.@+-]{1,64}$/);
    expect(students[0]).toMatch(/^a-b-c-[0-9a-f]{12}$/);
    expect(names.map(studentOf)).toEqual(students);
  });
});

test('the file of a report has the name of its submission, if a file can have it', () => {
  expect(reportNameOf('a b, c')).toBe('a b, c.json');
  const long = ['이'.repeat(84), `${'이'.repeat(83)}김`].map(reportNameOf);
  expect(new Set(long).size).toBe(2);
  for (const name of long) expect(Buffer.byteLength(name)).toBeLessThan(200);
});

test('the message of a row has the first line of each step that failed, shortened', () => {
  const failed = [
    { step: 'web.yaml', message: '\nerror: no such kind\nmore' },
    { step: 'fix.sh (node01)', message: '😀'.repeat(300) },
    { step: 'web.yaml', message: 'error: no such kind' },
    { step: 'silent.sh' },
  ];
  expect(failuresIn(failed)).toBe(`web.yaml: error: no such kind; fix.sh (node01): ${'😀'.repeat(199)}…; silent.sh`);
});

test('a row is right while neither the submission nor the lab has changed, unless it is broken', () => {
  const wanted = { digest: 'sha256:1', labDigest: 'sha256:2' };
  expect(isCurrent(row('kim'), wanted)).toBe(true);
  expect(isCurrent(row('kim'), { ...wanted, digest: 'sha256:9' })).toBe(false);
  expect(isCurrent(row('kim'), { ...wanted, labDigest: 'sha256:9' })).toBe(false);
  expect(isCurrent(row('kim', { outcome: 'broken' }), wanted)).toBe(false);
  expect(isCurrent(undefined, wanted)).toBe(false);
});

test('the time left is that of the submissions before, for as many at a time', () => {
  expect(secondsLeft([], { open: 9, jobs: 2 })).toBeUndefined();
  expect(secondsLeft([10, 20], { open: 8, jobs: 2 })).toBe(60);
  expect(secondsLeft([10], { open: 1, jobs: 4 })).toBe(10);
  expect(secondsLeft([10], { open: 0, jobs: 4 })).toBe(0);
});
