// Shared by the formats: the lines that explain why a check did not pass, and their words in each language.
import type { Language } from '../../../api/lab.ts';
import type { CheckReport, Guessing, Report, TaskReport } from '../../../api/report.ts';

/** The lines for a check that did not pass, each with its label: expected, observed, hint. */
export const troubleLines = (
  check: CheckReport,
  labels: TroubleLabels = words.en.labels,
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

/** A check that fails may have a part of its points. */
export const titleWithPart = ({ title, outcome, points, maxPoints }: CheckReport): string =>
  outcome === 'fail' && points > 0 ? `${title} (${points}/${maxPoints})` : title;

/** The words of a report that is not for a terminal. */
export interface ReportWords {
  readonly labels: TroubleLabels;
  /** Of a blocked check. */
  readonly waitsFor: (observed: string) => string;
  readonly lowerBound: string;
  readonly gradeAgain: string;
  readonly task: string;
  readonly student: string;
  readonly seed: string;
  readonly points: string;
  /** Of a lab whose nodes ran without a user namespace. */
  readonly unsafeNodes: string;
  /** What the hints of a task cost. */
  readonly hintCost: (points: number) => string;
  /** Of checks that the student does not see. */
  readonly hidden: (count: number) => string;
  /** Of files of a submission that could not be applied, or failed. */
  readonly notApplied: string;
  /** Of an exam. */
  readonly timeLimit: (limit: NonNullable<Report['timeLimit']>, show: (time: string) => string) => readonly string[];
  /** Of a question to which many answers were tried. */
  readonly guessed: (guessing: Guessing) => string;
}

export interface TroubleLabels {
  readonly expected: string;
  readonly observed: string;
  readonly hint: string;
  readonly blocked: string;
  readonly broken: string;
}

const english: TroubleLabels = {
  expected: 'expected',
  observed: 'observed',
  hint: 'hint',
  blocked: 'waits for',
  broken: 'broken',
};

const korean: TroubleLabels = {
  expected: '기댓값',
  observed: '실젯값',
  hint: '힌트',
  blocked: '선행 조건',
  broken: '오류',
};

export const words: Readonly<Record<Language, ReportWords>> = {
  en: {
    labels: english,
    waitsFor: (observed) => `${english.blocked} ${observed}`,
    lowerBound: 'Some checks could not be carried out. This is not your fault, and your score may be higher.',
    gradeAgain: 'Please grade again.',
    task: 'Task',
    student: 'student',
    seed: 'seed',
    points: 'Points',
    unsafeNodes:
      'The nodes ran without a user namespace: root in a node was root on the machine of the Docker engine, ' +
      'and could change the result of this grading.',
    hintCost: (points) => `hints: −${points}`,
    hidden: (count) =>
      count === 1
        ? '1 hidden check is not shown, and this score is without it.'
        : `${count} hidden checks are not shown, and this score is without them.`,
    notApplied: 'Not all of the submission could be applied:',
    timeLimit: ({ seconds, extendedSeconds, startedAt, endsAt, over, resets }, show) => [
      `Time: ${minutes(seconds + extendedSeconds)} min from ${show(startedAt)} to ${show(endsAt)}` +
        `${extendedSeconds > 0 ? `, ${minutes(extendedSeconds)} min of them given later` : ''}.`,
      ...(over ? ['The time was over. What counts is the latest grading before the end.'] : []),
      ...(resets > 0 ? [`The lab was built anew ${resets === 1 ? 'once' : `${resets} times`} in this time.`] : []),
    ],
    guessed: ({ title, wrong }) => `${wrong} wrong answers within a minute: "${title}". The answer may be a guess.`,
  },
  ko: {
    labels: korean,
    waitsFor: (observed) => `${korean.blocked}: ${observed}`,
    lowerBound: '채점하지 못한 항목이 있습니다. 여러분의 잘못이 아니며, 실제 점수는 이보다 높을 수 있습니다.',
    gradeAgain: '다시 채점해 보세요.',
    task: '과제',
    student: '학생',
    seed: '시드',
    points: '점수',
    unsafeNodes:
      '노드가 사용자 네임스페이스 없이 실행되었습니다. 노드의 root는 Docker 엔진이 있는 컴퓨터의 root이므로, 이 채점 결과를 바꿀 수 있었습니다.',
    hintCost: (points) => `힌트: −${points}점`,
    hidden: (count) => `숨긴 항목 ${count}개와 그 점수는 여기에 없습니다.`,
    notApplied: '제출물 가운데 적용하지 못한 것이 있습니다:',
    timeLimit: ({ seconds, extendedSeconds, startedAt, endsAt, over, resets }, show) => [
      `제한 시간: ${show(startedAt)}부터 ${show(endsAt)}까지 ${minutes(seconds + extendedSeconds)}분` +
        `${extendedSeconds > 0 ? ` (그 가운데 ${minutes(extendedSeconds)}분은 나중에 늘림)` : ''}.`,
      ...(over ? ['시간이 끝나 그 전의 마지막 채점으로 점수를 매깁니다.'] : []),
      ...(resets > 0 ? [`이 시간 안에 실습을 새로 만든 횟수: ${resets}`] : []),
    ],
    guessed: ({ title, wrong }) => `1분 안에 오답 ${wrong}개: "${title}". 추측한 답일 수 있습니다.`,
  },
};

/** With one decimal, if it is not whole. */
const minutes = (seconds: number): string => String(Math.round(seconds / 6) / 10);

/** Whom or what the lab's parameters were drawn for: only what the lab was started with. */
export const drawnFor = ({ student, seed }: Report): { readonly student?: string; readonly seed?: string } => ({
  ...(student === undefined ? {} : { student }),
  ...(seed === undefined ? {} : { seed }),
});

/** Whose lab it is and how much time there was, as lines of plain text, or none. @param show a time of RFC 3339 */
export const aboutLines = (
  report: Report,
  say: ReportWords,
  show: (time: string) => string = (time) => time,
): readonly string[] => [
  ...drawnLines(report, say),
  ...timeLines(report, say, show),
  ...(report.unsafeNodes ? [say.unsafeNodes] : []),
];

/** How much time there was in an exam, or none. */
export const timeLines = (
  { timeLimit }: Report,
  say: ReportWords,
  show: (time: string) => string = (time) => time,
): readonly string[] => (timeLimit ? say.timeLimit(timeLimit, show) : []);

const drawnLines = (report: Report, say: ReportWords): readonly string[] => {
  const { student, seed } = drawnFor(report);
  const parts = [
    ...(student === undefined ? [] : [`${say.student}: ${student}`]),
    ...(seed === undefined ? [] : [`${say.seed}: ${seed}`]),
  ];
  return parts.length === 0 ? [] : [parts.join(', ').replaceAll(/\s+/g, ' ')];
};

/** ` (hints: −2)` of a task whose hints cost points, else nothing. */
export const costNote = ({ hintCost }: TaskReport, say: ReportWords): string =>
  hintCost === undefined ? '' : ` (${say.hintCost(hintCost)})`;

/** The steps of a submission that failed. */
export const failedSteps = ({ submission }: Report) =>
  (submission?.steps ?? []).filter(({ outcome }) => outcome === 'failed');

/** `failedSteps` as lines of plain text, or none. */
export const submissionLines = (report: Report, { notApplied }: ReportWords): readonly string[] => {
  const failed = failedSteps(report);
  if (failed.length === 0) return [];
  return [notApplied, ...failed.map(({ step, message = '' }) => `- ${step}: ${message}`)];
};

/** `troubleLines` as plain text. */
export const troubleText = (check: CheckReport, labels: TroubleLabels): string =>
  troubleLines(check, labels)
    .map(([label, text]) => `${label}: ${text}`)
    .join('\n');
