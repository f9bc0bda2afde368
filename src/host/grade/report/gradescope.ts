// Gradescope's results.json (gradescope-autograders.readthedocs.io, "Autograder Specifications").
import type { Language } from '../../../api/lab.ts';
import type { CheckReport, Report } from '../../../api/report.ts';
import { drawnFor, submissionLines, timeLines, troubleText, words } from './words.ts';

export const renderGradescope = (report: Report, language: Language): string => {
  const { labels, lowerBound, gradeAgain, guessed, hintCost } = words[language];
  const costs = report.tasks.flatMap(({ number, hintCost: cost }) =>
    cost === undefined ? [] : [`${number}. ${hintCost(cost)}`],
  );
  const guesses = report.tasks.flatMap((task) => (task.guessed ?? []).map((one) => `${task.number}. ${guessed(one)}`));
  const results = {
    score: report.score,
    execution_time: Math.round(report.durationMs / 1000),
    output: [
      ...(report.broken ? [`${lowerBound} ${gradeAgain}`] : []),
      ...timeLines(report, words[language]),
      ...(report.unsafeNodes ? [words[language].unsafeNodes] : []),
      ...submissionLines(report, words[language]),
      ...costs,
      ...guesses,
    ].join('\n'),
    stdout_visibility: 'hidden',
    tests: report.tasks.flatMap((task) =>
      task.checks.map((check, at) => ({
        name: `${task.title}: ${check.title}`,
        number: `${task.number}.${at + 1}`,
        score: check.points,
        max_score: check.maxPoints,
        status: statusOf(check),
        output: check.outcome === 'pass' ? check.observed : troubleText(check, labels),
        tags: [task.id],
        visibility: visibility[check.visibility ?? 'always'],
      })),
    ),
    extra_data: {
      ...{ version: report.version, lab: report.lab, broken: report.broken, gradedAt: report.gradedAt },
      ...drawnFor(report),
      ...(report.timeLimit ? { timeLimit: report.timeLimit } : {}),
    },
  };
  return `${JSON.stringify(results, null, 2)}\n`;
};

/** By `visibility` in lab.yaml. */
const visibility = { always: 'visible', afterDue: 'after_due_date', never: 'hidden' } as const;

const statusOf = ({ outcome }: CheckReport): 'passed' | 'failed' => (outcome === 'pass' ? 'passed' : 'failed');
