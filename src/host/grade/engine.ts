// Grades a lab: looks at the cluster once for all checks, evaluates them, and tries failed checks again (`within`).
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CheckDefinition,
  type LabDefinition,
  type Language,
  localize,
  type TaskDefinition,
} from '../../api/lab.ts';
import { type CheckReport, type Outcome, type Report, reportVersion, type TaskReport } from '../../api/report.ts';
import { ExitCode } from '../../kit/error.ts';
import { printable } from '../../kit/printable.ts';
import type { ClusterAccess } from './access.ts';
import { isQuestion } from './checks/answer.ts';
import { settle, startLook } from './collect.ts';
import { evaluate } from './evaluate.ts';
import type { Fact, FactStore } from './facts.ts';
import { createHandle } from './handle.ts';
import { guessed, pastOf } from './past.ts';
import { phrases } from './say/phrases.ts';
import { gives, hintCost, historyOf, type Student } from './student.ts';
import type { Evaluation } from './verdict.ts';
import type { Machine } from './view/machines.ts';
import { createView } from './view/view.ts';

export interface GradeOptions {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  /** From `ProgressStore.read()`. */
  readonly progress: Student;
  /** Reports these tasks only. Default: all. Checks of other tasks that these tasks need are evaluated, too. */
  readonly tasks?: readonly string[];
  /** Evaluates only this check, `task/check`, and what it needs. The report has this one check. */
  readonly only?: string;
  readonly language?: Language;
  /** Looks once: no check is tried again. */
  readonly once?: boolean;
  /** Called with what each check's evaluation rests on. The last call for a check counts. */
  readonly record?: (id: string, rests: Rests) => void;
  readonly signal: AbortSignal;
}

/** What an evaluation rests on. */
export interface Rests {
  readonly evaluation: TimedEvaluation;
  /** The facts that the check has read, by their keys. */
  readonly facts: ReadonlyMap<string, Fact>;
}

/** What a report says beside the outcomes. */
export interface ReportOptions extends Pick<GradeOptions, 'lab' | 'progress' | 'tasks' | 'only' | 'language'> {
  readonly access: { readonly name: string; readonly machines: readonly Machine[] };
}

/** Grades the running lab. When the fabric fails, checks are `broken`; the promise does not reject. */
export const gradeLab = async (options: GradeOptions): Promise<Report> => {
  const started = performance.now();
  const entries = selectEntries(options.lab, options);
  return reportOf(options, await evaluateAll(entries, options), started);
};

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
      ...guessed(task, options.progress, options.language),
    }));
  return {
    version: reportVersion,
    lab: options.lab.name,
    name: options.access.name,
    ...options.lab.variation,
    gradedAt,
    durationMs,
    score: sum(tasks.map(({ score }) => score)),
    maxScore: sum(tasks.map(({ maxScore }) => maxScore)),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
    tasks,
    ...pastOf(tasks, options.progress),
  };
};

/** 3 when any check is broken, else 1 when any check did not pass or a step of a submission failed, else 0. */
export const exitCodeOf = (report: Report): ExitCode => {
  if (report.broken) return ExitCode.broken;
  const all =
    report.tasks.every(({ checks }) => checks.every(({ outcome }) => outcome === 'pass')) &&
    (report.submission?.steps ?? []).every(({ outcome }) => outcome === 'done');
  return all ? ExitCode.ok : ExitCode.checkFailed;
};

/** The task with all its checks, or with the one that is asked for. */
const onlyCheck = (task: TaskDefinition, only: string | undefined): TaskDefinition =>
  only === undefined ? task : { ...task, checks: task.checks.filter(({ id }) => `${task.id}/${id}` === only) };

/** Whether the task has passed, now or at an earlier grading. */
export const isPassed = ({ passedAt, checks }: TaskReport): boolean =>
  passedAt !== undefined || checks.every(({ outcome }) => outcome === 'pass');

/** A check with its task; `id` is `task/check`. */
export interface Entry {
  readonly id: string;
  readonly task: TaskDefinition;
  /** The task's number in the lab, from 1. */
  readonly number: number;
  readonly check: CheckDefinition;
}

/** The latest evaluation of each check, by `task/check`. */
export type Evaluations = ReadonlyMap<string, TimedEvaluation>;

export interface TimedEvaluation extends Evaluation {
  /** From the start of the look. */
  readonly durationMs: number;
}

/** The checks of the chosen tasks, and the checks that these need. */
export const selectEntries = (
  lab: LabDefinition,
  { tasks, only }: Pick<GradeOptions, 'tasks' | 'only'>,
): readonly Entry[] => {
  const all = lab.tasks.flatMap((task, index) =>
    task.checks.map((check) => ({ id: `${task.id}/${check.id}`, task, number: index + 1, check })),
  );
  if (tasks === undefined && only === undefined) return all;
  const wanted = new Set<string>();
  const add = (id: string): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const need of all.find((entry) => entry.id === id)?.check.needs ?? []) add(need);
  };
  for (const { id, task } of all) if (only === undefined ? tasks?.includes(task.id) : id === only) add(id);
  return all.filter(({ id }) => wanted.has(id));
};

const evaluateAll = async (entries: readonly Entry[], options: GradeOptions): Promise<Evaluations> => {
  let evaluations = await lookAt(entries, options);
  if (options.once) return evaluations;
  const started = performance.now();
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 500)) {
    const elapsed = performance.now() - started + pause;
    const again = entries.filter(({ id, check }) => elapsed < patienceMs(check, evaluations.get(id)));
    if (again.length === 0) return evaluations;
    await delay(pause, undefined, { signal: options.signal });
    const waiting = entries.filter(({ id }) => evaluations.get(id)?.outcome.outcome === 'blocked');
    evaluations = await lookAt([...again, ...waiting], options, evaluations);
  }
};

/** For how many milliseconds after the first look a check is tried again. */
export const patienceMs = ({ withinMs }: CheckDefinition, evaluation: Evaluation | undefined): number => {
  switch (evaluation?.retry) {
    case 'restart':
      return Math.max(withinMs, restartMs);
    case 'within':
      return evaluation.outcome.outcome === 'fail' ? withinMs : 0;
    default:
      return 0;
  }
};

/** systemd restarts a component within 300 ms. The component then needs about a second before it answers. */
const restartMs = 1500;

/** One look at the cluster. No check waits for facts that only another check needs. */
const lookAt = async (
  entries: readonly Entry[],
  options: GradeOptions,
  earlier: Evaluations = new Map(),
): Promise<Evaluations> => {
  const started = performance.now();
  const { lab, access, signal, language = 'en' } = options;
  const look = startLook({ access, handle: () => createHandle({ lab, access, language, signal }), signal });
  const evaluated = await Promise.all(
    entries.map(async (entry) => {
      let facts = new Map<string, Fact>();
      const question = (): TimedEvaluation => {
        facts = new Map();
        return evaluateEntry(entry, options, noting(look.store, facts), started);
      };
      const evaluation = await settle(look, question, signal);
      options.record?.(entry.id, { evaluation, facts });
      return [entry.id, evaluation] as const;
    }),
  );
  return block(lab, new Map([...earlier, ...evaluated]));
};

/** A store that notes which facts are read. */
const noting = (store: FactStore, read: Map<string, Fact>): FactStore => ({
  get(key) {
    const fact = store.get(key);
    if (fact) read.set(key, fact);
    return fact;
  },
});

/** Evaluates one check with the facts of a look. @throws MissingFacts, and nothing else */
export const evaluateEntry = (
  { check, task, number }: Entry,
  { lab, access, progress, language = 'en' }: ReportOptions,
  store: FactStore,
  started: number,
): TimedEvaluation => {
  const say = phrases[language];
  const view = createView({ cluster: lab.cluster, machines: access.machines, store, say });
  return {
    ...evaluate({ check, task, number, student: progress, view, say }),
    durationMs: Math.round(performance.now() - started),
  };
};

/** Blocks every check with a need that did not pass. The check's own outcome is then dropped. */
export const block = (lab: LabDefinition, evaluations: Evaluations): Evaluations => {
  const needs = new Map<string, readonly string[]>(
    lab.tasks.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check.needs] as const)),
  );
  const finished = new Map<string, TimedEvaluation>();
  const finish = (id: string): TimedEvaluation | undefined => {
    const known = finished.get(id) ?? evaluations.get(id);
    if (!known || finished.has(id)) return known;
    const by = (needs.get(id) ?? []).find((need) => finish(need)?.outcome.outcome !== 'pass');
    const evaluation: TimedEvaluation =
      by === undefined ? known : { ...known, outcome: { outcome: 'blocked', by }, retry: 'never' };
    finished.set(id, evaluation);
    return evaluation;
  };
  for (const id of evaluations.keys()) finish(id);
  return finished;
};

const reportTask = (
  { lab, progress, language = 'en' }: ReportOptions,
  task: TaskDefinition,
  evaluations: Evaluations,
): TaskReport => {
  const checks = task.checks.map((check) => {
    const evaluation = evaluations.get(`${task.id}/${check.id}`);
    const shown = gives(progress, task.id, check.id) ? evaluation : withheld(evaluation, { lab, task, language });
    return reportCheck(check, shown, { lab, task, language });
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
  const observed = observedOf(outcome, { lab, task, language });
  const isHidden = check.reveal === 'nothing' && outcome.outcome !== 'pass';
  const { hidden } = phrases[language];
  return {
    id: check.id,
    title: localize(check.title, language),
    outcome: outcome.outcome,
    points: pointsOf(check, outcome),
    maxPoints: check.points,
    expected: isHidden ? hidden.expected : shown(outcome.outcome === 'fail' ? outcome.expected : expected),
    observed: isHidden && outcome.outcome === 'fail' ? hidden.observed : shown(observed),
    ...(hint === undefined ? {} : { hint: shown(hint) }),
    ...(check.visibility === 'always' ? {} : { visibility: check.visibility }),
    ...(outcome.outcome === 'fail' && outcome.unclear ? { unclear: true as const } : {}),
    ...(outcome.outcome === 'blocked' && outcome.by.includes('/') ? { blockedBy: outcome.by } : {}),
    durationMs,
  };
};

const pointsOf = ({ points }: CheckDefinition, outcome: Outcome): number => {
  if (outcome.outcome === 'pass') return points;
  return outcome.outcome === 'fail' ? hundredths(points * (outcome.share ?? 0)) : 0;
};

/** Two decimals, rounded down: a check that fails never has all its points. */
const hundredths = (value: number): number => Math.floor(value * 100 + 1e-6) / 100;

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
  const unanswered = isQuestion(check) && (retry === 'never' || outcome.unclear);
  if (check.hint && !unanswered) return localize(check.hint, language);
  return check.reveal === 'cause' ? outcome.hint : undefined;
};

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
const sum = (values: readonly number[]): number =>
  Math.round(values.reduce((total, value) => total + value, 0) * 100) / 100;
