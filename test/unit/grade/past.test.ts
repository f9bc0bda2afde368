import { expect, test } from 'vitest';
import type { StudentEvent } from '../../../src/api/report.ts';
import { reportFormats } from '../../../src/host/grade/report/format.ts';
import { renderText } from '../../../src/host/grade/report/text.ts';
import { grade, labOf, nobody } from './world.ts';

const choices = ['a', 'b', 'c', 'd'].map((id) => ({ id, text: id }));
const lab = labOf([
  { id: 'text', title: 'You know the name', type: 'answer', question: 'Which?', equals: 'right' },
  { id: 'choice', title: 'You chose well', type: 'answer', question: 'Which?', choices, equals: 'a' },
]);

/** Wrong answers to a question, so many seconds apart. */
const tries = (check: string, count: number, seconds: number): readonly StudentEvent[] =>
  Array.from({ length: count }, (_, index) => ({
    at: new Date(index * seconds * 1000).toISOString(),
    what: 'answer',
    task: 'task',
    check,
    right: false,
  }));

const gradeAfter = (...history: readonly StudentEvent[]) =>
  grade(lab, {}, { ...nobody, answers: { 'task/text': 'right', 'task/choice': 'a' }, history });

test('a report names questions to which many answers were tried within a minute', async () => {
  const report = await gradeAfter(...tries('text', 40, 2), ...tries('choice', 3, 1));
  expect(report.tasks[0]?.guessed).toEqual([
    { check: 'text', title: 'You know the name', wrong: 31, at: '1970-01-01T00:00:00.000Z' },
    { check: 'choice', title: 'You chose well', wrong: 3, at: '1970-01-01T00:00:00.000Z' },
  ]);
  expect(report.history).toHaveLength(43);
  for (const text of [
    renderText(report, { width: 100, color: false }),
    reportFormats.markdown(report, 'en'),
    reportFormats.gradescope(report, 'en'),
  ])
    expect(text).toMatch(/31 wrong answers within a minute: .*You know the name/);
});

test('a report names no question that somebody thought about', async () => {
  const report = await gradeAfter(...tries('text', 40, 15), ...tries('choice', 2, 1));
  expect(report.tasks[0]).not.toHaveProperty('guessed');
});

test('a report does not contain the answers that were tried', async () => {
  const [event] = tries('text', 1, 1);
  const report = await gradeAfter({ ...event, answer: 'secret' } as StudentEvent);
  expect(JSON.stringify(report)).not.toContain('secret');
});
