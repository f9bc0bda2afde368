// The result of a test as a report, for all formats that `labs grade --report` has: a suite for each run, a case for
// each part.
import { type LabDefinition, type Language, localize } from '../../../api/lab.ts';
import { type Report, reportVersion } from '../../../api/report.ts';
import type { Finding } from './course.ts';
import type { TestResult } from './run.ts';
import type { Sample } from './sample.ts';

export interface TestedRun extends TestResult {
  /** The name of its cluster. */
  readonly name: string;
  readonly seed?: string;
}

export interface Tested {
  readonly lab: LabDefinition;
  readonly runs: readonly TestedRun[];
  readonly milliseconds: number;
  /** Not everything was tried. */
  readonly sample?: Sample;
}

export const reportOfTest = ({ lab, runs, milliseconds }: Tested, language: Language): Report => {
  const tasks = runs.map(({ parts, seed }, index): Report['tasks'][number] => {
    const checks = parts.map(({ id, title, findings, milliseconds: durationMs }) => {
      const outcome = outcomeOf(findings);
      const observed = findings.map(({ text }) => text).join('\n');
      return {
        id,
        title,
        outcome,
        points: outcome === 'pass' ? 1 : 0,
        maxPoints: 1,
        expected: title,
        observed,
        durationMs,
      };
    });
    const score = checks.filter(({ outcome }) => outcome === 'pass').length;
    const name = localize(lab.title, language);
    const title = seed === undefined ? name : `${name} (${seed})`;
    return { id: seed ?? lab.name, number: index + 1, title, score, maxScore: checks.length, checks };
  });
  const sum = (of: 'score' | 'maxScore'): number => tasks.reduce((total, task) => total + task[of], 0);
  return {
    version: reportVersion,
    lab: lab.name,
    name: lab.name,
    gradedAt: new Date().toISOString(),
    durationMs: milliseconds,
    score: sum('score'),
    maxScore: sum('maxScore'),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
    tasks,
  };
};

const outcomeOf = (findings: readonly Finding[]): 'pass' | 'fail' | 'broken' => {
  if (findings.length === 0) return 'pass';
  return findings.some(({ kind }) => kind === 'finding') ? 'fail' : 'broken';
};
