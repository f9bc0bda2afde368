// Makes the report of a grading: the outcome of each check with its title, points and words.
import { performance } from 'node:perf_hooks';
import {
  type CheckDefinition,
  type LabDefinition,
  type Language,
  localize,
  type TaskDefinition,
} from '../../api/lab.ts';
import {
  type CheckReport,
  type Outcome,
  passesNow,
  type Report,
  reportVersion,
  type TaskReport,
} from '../../api/report.ts';
import { ExitCode } from '../../kit/error.ts';
import { printable } from '../../kit/printable.ts';
import { isQuestion } from './checks/answer.ts';
import { guessed, pastOf } from './past.ts';
import { phrases } from './say/phrases.ts';
import { gives, hintCost, historyOf, openSecret, type Student, undoneNeeds } from './student.ts';
import type { Evaluation, Evaluations, TimedEvaluation } from './verdict.ts';
import type { Machine } from './view/machines.ts';

/** What a report says beside the outcomes. */
export interface ReportOptions {
  readonly lab: LabDefinition;
  readonly access: { readonly name: string; readonly unsafeNodes?: true; readonly machines: readonly Machine[] };
  /** From `ProgressStore.read()`. */
  readonly progress: Student;
  /** Reports these tasks only. Default: all. */
  readonly tasks?: readonly string[];
  /** Reports this one check only: `task/check`. */
  readonly only?: string;
  readonly language?: Language;
}

/** @param started when the look began, by `performance.now()` */
export const reportOf = (options: ReportOptions, evaluations: Evaluations, started: number): Report =>
  assembleReport(options, evaluations, {
    gradedAt: new Date().toISOString(),
    durationMs: Math.round(performance.now() - started),
  });

/** The report of a grading at any time. */
export const assembleReport = (
  options: ReportOptions,
  evaluations: Evaluations,
  { gradedAt, durationMs }: Pick<Report, 'gradedAt' | 'durationMs'>,
): Report => {
  const tasks = options.lab.tasks
    .filter(({ id }) => options.only?.startsWith(`${id}/`) ?? options.tasks?.includes(id) ?? true)
    .map((task) => onlyCheck(task, options.only))
    .map((task) => ({
      ...reportTask(options, task, evaluations),
      ...historyOf(task.id, options.progress),
      ...waitsFor(options, task, evaluations),
      ...guessed(task, options.progress, options.language),
    }));
  return {
    version: reportVersion,
    lab: options.lab.name,
    name: options.access.name,
    ...options.lab.variation,
    ...(options.access.unsafeNodes ? { unsafeNodes: true } : {}),
    gradedAt,
    durationMs,
    score: sum(tasks.map(({ score }) => score)),
    maxScore: sum(tasks.map(({ maxScore }) => maxScore)),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
    tasks,
    ...pastOf(tasks, options.progress),
  };
};

/** The tasks that come first, of a locked task. */
const waitsFor = (
  { lab, progress }: ReportOptions,
  task: TaskDefinition,
  evaluations: Evaluations,
): Pick<TaskReport, 'waitsFor'> => {
  const undone = undoneNeeds(task, progress, (id) =>
    (lab.tasks.find((each) => each.id === id)?.checks ?? []).every(
      (check) => evaluations.get(`${id}/${check.id}`)?.outcome.outcome === 'pass',
    ),
  );
  return undone.length > 0 ? { waitsFor: undone } : {};
};

/** 3 when any check is broken, else 1 when any check did not pass or a step of a submission failed, else 0. */
export const exitCodeOf = (report: Report): ExitCode => {
  if (report.broken) return ExitCode.broken;
  const all =
    report.tasks.every(passesNow) && (report.submission?.steps ?? []).every(({ outcome }) => outcome === 'done');
  return all ? ExitCode.ok : ExitCode.checkFailed;
};

/** The task with all its checks, or with the one that is asked for. */
const onlyCheck = (task: TaskDefinition, only: string | undefined): TaskDefinition =>
  only === undefined ? task : { ...task, checks: task.checks.filter(({ id }) => `${task.id}/${id}` === only) };

/** Whether the task has passed, now or at an earlier grading. */
export const isPassed = (task: TaskReport): boolean => task.passedAt !== undefined || passesNow(task);

const reportTask = (
  { lab, progress, language = 'en' }: ReportOptions,
  task: TaskDefinition,
  evaluations: Evaluations,
): TaskReport => {
  const secret = openSecret(lab, task, progress);
  const checks = task.checks.map((check) => {
    const evaluation = evaluations.get(`${task.id}/${check.id}`);
    const shown = gives(progress, task.id, check.id) ? evaluation : withheld(evaluation, { lab, task, language });
    const report = reportCheck(check, shown, { lab, task, language });
    return secret === undefined ? report : withoutCause(report, phrases[language].mayBeFaultOf(secret));
  });
  const cost = hintCost(task, progress);
  return {
    id: task.id,
    number: lab.tasks.findIndex(({ id }) => id === task.id) + 1,
    title: localize(task.title, language),
    score: Math.max(0, sum([...checks.map(({ points }) => points), -cost])),
    maxScore: sum(checks.map(({ maxPoints }) => maxPoints)),
    ...(cost > 0 ? { hintCost: cost } : {}),
    checks,
  };
};

/** A task that has passed would tell what a fault breaks whose own checks keep it secret. */
const withoutCause = (report: CheckReport, observed: string): CheckReport => {
  if (report.outcome !== 'fail') return report;
  const { hint: _, ...others } = report;
  return { ...others, observed };
};

interface Subject {
  readonly lab: LabDefinition;
  readonly task: TaskDefinition;
  readonly language: Language;
}

/** Of a check that passes because `labs goto` did the task. */
const withheld = (
  evaluation: TimedEvaluation | undefined,
  { lab, task, language }: Subject,
): TimedEvaluation | undefined => {
  const number = lab.tasks.findIndex(({ id }) => id === task.id) + 1;
  return evaluation && { ...evaluation, outcome: { outcome: 'blocked', by: phrases[language].toDoYourself(number) } };
};

const reportCheck = (
  check: CheckDefinition,
  evaluation: TimedEvaluation | undefined,
  { lab, task, language }: Subject,
): CheckReport => {
  if (!evaluation) throw new Error(`check ${task.id}/${check.id} was not evaluated`);
  const { outcome, expected, durationMs } = evaluation;
  const hint = hintOf(check, evaluation, language);
  const observed = symptomOf(check, outcome) ?? observedOf(outcome, { lab, task, language });
  const isHidden = check.reveal === 'nothing' && outcome.outcome !== 'pass' && !isUnanswered(check, evaluation);
  const { hidden } = phrases[language];
  // Only a task with a setup has broken something.
  const hiddenObserved = task.setup === undefined ? hidden.observed : hidden.observedOfFault;
  return {
    id: check.id,
    title: localize(check.title, language),
    outcome: outcome.outcome,
    points: pointsOf(check, outcome),
    maxPoints: check.points,
    expected: isHidden ? hidden.expected : shown(outcome.outcome === 'fail' ? outcome.expected : expected),
    observed: isHidden && outcome.outcome === 'fail' ? hiddenObserved : shown(observed),
    ...(hint === undefined ? {} : { hint: shown(hint) }),
    ...(check.visibility === 'always' ? {} : { visibility: check.visibility }),
    ...(outcome.outcome === 'fail' && outcome.unclear ? { unclear: true as const } : {}),
    ...(outcome.outcome === 'blocked' && outcome.by.includes('/') ? { blockedBy: outcome.by } : {}),
    durationMs,
  };
};

const pointsOf = ({ points }: CheckDefinition, outcome: Outcome): number => {
  if (outcome.outcome === 'pass') return points;
  if (outcome.outcome !== 'fail') return 0;
  // A check that fails never has all its points.
  return Math.max(0, Math.min(hundredths(points * (outcome.share ?? 0)), hundredths(points - 0.01)));
};

const hundredths = (value: number): number => Math.round(value * 100) / 100;

/** A text that a terminal can show. A script, or what it saw, may be enormous. */
const shown = (text: string): string =>
  text.length > mostShown ? `${printable(text.slice(0, mostShown))}…` : printable(text);
const mostShown = 4000;

/**
 * The lab's hint replaces the kind's hint, but not for a missing answer: a question's hint is about a wrong answer.
 * The kind's hint names the cause, so it needs `reveal: cause`.
 */
const hintOf = (check: CheckDefinition, { outcome, retry }: Evaluation, language: Language): string | undefined => {
  if (outcome.outcome !== 'fail') return undefined;
  if (isUnanswered(check, { outcome, retry })) return outcome.hint;
  if (check.hint) return localize(check.hint, language);
  return check.reveal === 'cause' ? outcome.hint : undefined;
};

/** A question without an answer, or with one that names no choice. */
const isUnanswered = (check: CheckDefinition, { outcome, retry }: Pick<Evaluation, 'outcome' | 'retry'>): boolean =>
  isQuestion(check) && outcome.outcome === 'fail' && (retry === 'never' || outcome.unclear === true);

const symptomOf = ({ reveal }: CheckDefinition, outcome: Outcome): string | undefined =>
  reveal === 'symptom' && outcome.outcome === 'fail' ? outcome.symptom : undefined;

const observedOf = (outcome: Outcome, subject: Subject): string => {
  switch (outcome.outcome) {
    case 'pass':
    case 'fail':
      return outcome.observed;
    case 'blocked':
      return describeNeed(outcome.by, subject);
    case 'broken':
      return outcome.cause;
  }
};

/** A need in words: the check's title in quotes, with the task's number when it is another task. */
const describeNeed = (need: string, { lab, task, language }: Subject): string => {
  const [id, checkId] = need.split('/');
  const index = lab.tasks.findIndex((other) => other.id === id);
  const check = lab.tasks[index]?.checks.find((other) => other.id === checkId);
  if (!check) return need;
  const title = `"${localize(check.title, language)}"`;
  return id === task.id ? title : phrases[language].inTask(index + 1, title);
};

/** Parts of points have two decimals, and binary fractions would show more. */
const sum = (values: readonly number[]): number => hundredths(values.reduce((total, value) => total + value, 0));
