// Shared by the formats: the lines that explain why a check did not pass.
import type { CheckReport } from '../../../api/report.ts';

/** The lines for a check that did not pass, each with its label: expected, observed, hint. */
export const troubleLines = (
  check: CheckReport,
  labels: TroubleLabels = english,
): readonly (readonly [string, string])[] => {
  const hint = check.hint === undefined ? [] : [[labels.hint, check.hint] as const];
  switch (check.outcome) {
    case 'pass':
      return [];
    case 'fail':
      return [[labels.expected, check.expected], [labels.observed, check.observed], ...hint];
    case 'blocked':
      return [[labels.blocked, check.observed]];
    case 'broken':
      return [[labels.broken, check.observed]];
  }
};

export interface TroubleLabels {
  readonly expected: string;
  readonly observed: string;
  readonly hint: string;
  readonly blocked: string;
  readonly broken: string;
}

export const english: TroubleLabels = {
  expected: 'expected',
  observed: 'observed',
  hint: 'hint',
  blocked: 'waits for',
  broken: 'broken',
};

export const korean: TroubleLabels = {
  expected: '기댓값',
  observed: '실젯값',
  hint: '힌트',
  blocked: '선행 조건',
  broken: '오류',
};

/** `troubleLines` as plain text. */
export const troubleText = (check: CheckReport): string =>
  troubleLines(check)
    .map(([label, text]) => `${label}: ${text}`)
    .join('\n');
