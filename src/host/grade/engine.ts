// Grades: looks at the cluster once for all checks, evaluates them, looks again for those that may take a while.
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
import type { ClusterAccess } from './access.ts';
import { settle, startLook } from './collect.ts';
import { describe, evaluate, type Judgement } from './evaluate.ts';
import { createHandle } from './handle.ts';
import { phrases } from './say/phrases.ts';
import type { Student } from './verdict.ts';
import { View } from './view.ts';

export interface GradeOptions {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  /** The learner's answers and the tasks begun, as `ProgressStore.read()` gives them. */
  readonly progress: Student;
  /** Only these tasks. Default: all. Checks of others that these need are looked at, not reported. */
  readonly tasks?: readonly string[];
  readonly language?: Language;
  readonly signal: AbortSignal;
}

/** Grades the running lab. Trouble with the fabric makes checks `broken`; it doesn't reject. */
export const gradeLab = async (options: GradeOptions): Promise<Report> => {
  const started = performance.now();
  const entries = selectEntries(options.lab, options.tasks);
  const results = await evaluateAll(entries, options);
  const language = options.language ?? 'en';
  const tasks = options.lab.tasks
    .filter(({ id }) => options.tasks === undefined || options.tasks.includes(id))
    .map((task) => reportTask(task, results, language));
  return {
    version: reportVersion,
    lab: options.lab.name,
    name: options.access.name,
    gradedAt: new Date().toISOString(),
    durationMs: Math.round(performance.now() - started),
    score: sum(tasks.map(({ score }) => score)),
    maxScore: sum(tasks.map(({ maxScore }) => maxScore)),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
    tasks,
  };
};

/** DESIGN, "Exit codes": 3 when anything broke, 1 when a check didn't pass, else 0. */
export const exitCodeOf = (report: Report): ExitCode => {
  if (report.broken) return ExitCode.broken;
  const all = report.tasks.every(({ checks }) => checks.every(({ outcome }) => outcome === 'pass'));
  return all ? ExitCode.ok : ExitCode.checkFailed;
};

/** A check with its task; `id` is `task/check`. */
interface Entry {
  readonly id: string;
  readonly task: TaskDefinition;
  readonly check: CheckDefinition;
}

interface Result {
  readonly outcome: Judgement;
  readonly expected: string;
  readonly durationMs: number;
}

type Results = ReadonlyMap<string, Result>;

/** The checks of the chosen tasks, and those that they need. */
const selectEntries = (lab: LabDefinition, tasks: readonly string[] | undefined): readonly Entry[] => {
  const all = lab.tasks.flatMap((task) => task.checks.map((check) => ({ id: `${task.id}/${check.id}`, task, check })));
  if (tasks === undefined) return all;
  const wanted = new Set<string>();
  const add = (id: string): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const need of all.find((entry) => entry.id === id)?.check.needs ?? []) add(need);
  };
  for (const { id, task } of all) if (tasks.includes(task.id)) add(id);
  return all.filter(({ id }) => wanted.has(id));
};

const evaluateAll = async (entries: readonly Entry[], options: GradeOptions): Promise<Results> => {
  let results = await lookAt(entries, options);
  const started = performance.now();
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 500)) {
    const elapsed = performance.now() - started + pause;
    const again = entries.filter(({ id, check }) => elapsed < patience(check, results.get(id)?.outcome));
    if (again.length === 0) return results;
    await delay(pause, undefined, { signal: options.signal });
    const waiting = entries.filter(({ id }) => results.get(id)?.outcome.outcome === 'blocked');
    results = await lookAt([...again, ...waiting], options, results);
  }
};

/** For how many milliseconds after the first look a check is looked at again. */
const patience = (check: CheckDefinition, outcome: Judgement | undefined): number => {
  if (outcome?.again === 'settled') return 0;
  if (outcome?.again === 'passing') return Math.max(check.withinMs, restartMs);
  return outcome?.outcome === 'fail' ? check.withinMs : 0;
};

/** systemd starts a component that died within 300 ms; it then needs a second to answer. */
const restartMs = 1500;

/** One look at the cluster: every check goes on as soon as it has the facts that it asks for. */
const lookAt = async (
  entries: readonly Entry[],
  options: GradeOptions,
  earlier: Results = new Map(),
): Promise<Results> => {
  const started = performance.now();
  const { lab, access, progress, signal, language = 'en' } = options;
  const look = startLook({ access, handle: () => createHandle({ lab, access, signal }) });
  const view = new View({ cluster: lab.cluster, machines: access.machines, store: look.store, say: phrases[language] });
  const judged = await Promise.all(
    entries.map(async ({ id, task, check }) => {
      const judge = () => ({
        outcome: evaluate(check, view, { task, student: progress }, language),
        expected: describe(check, view, language),
        durationMs: Math.round(performance.now() - started),
      });
      return [id, await settle(look, judge, signal)] as const;
    }),
  );
  return block(lab, new Map([...earlier, ...judged]));
};

/** A check whose needs haven't passed is blocked, whatever it saw. */
const block = (lab: LabDefinition, raw: Results): Results => {
  const needs = new Map<string, readonly string[]>(
    lab.tasks.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check.needs] as const)),
  );
  const settled = new Map<string, Result>();
  const settle = (id: string): Result | undefined => {
    const known = settled.get(id) ?? raw.get(id);
    if (!known || settled.has(id)) return known;
    const by = (needs.get(id) ?? []).find((need) => settle(need)?.outcome.outcome !== 'pass');
    const result = by === undefined ? known : { ...known, outcome: { outcome: 'blocked', by } as const };
    settled.set(id, result);
    return result;
  };
  for (const id of raw.keys()) settle(id);
  return settled;
};

const reportTask = (task: TaskDefinition, results: Results, language: Language): TaskReport => {
  const checks = task.checks.map((check) => reportCheck(task, check, results, language));
  return {
    id: task.id,
    title: localize(task.title, language),
    score: sum(checks.map(({ points }) => points)),
    maxScore: sum(checks.map(({ maxPoints }) => maxPoints)),
    checks,
  };
};

const reportCheck = (
  task: TaskDefinition,
  check: CheckDefinition,
  results: Results,
  language: Language,
): CheckReport => {
  const result = results.get(`${task.id}/${check.id}`);
  if (!result) throw new Error(`check ${task.id}/${check.id} was not evaluated`);
  const { outcome, expected, durationMs } = result;
  const hint = outcome.outcome === 'fail' ? hintOf(check, outcome, language) : undefined;
  return {
    id: check.id,
    title: localize(check.title, language),
    outcome: outcome.outcome,
    points: outcome.outcome === 'pass' ? check.points : 0,
    maxPoints: check.points,
    expected: outcome.outcome === 'fail' ? outcome.expected : expected,
    observed: observedOf(outcome),
    ...(hint === undefined ? {} : { hint }),
    durationMs,
  };
};

/** The author's hint before ours. But with a question it is about a wrong answer, not about one that isn't there yet. */
const hintOf = (check: CheckDefinition, failed: Judgement & { hint?: string }, language: Language) =>
  check.hint && !(check.type === 'answer' && failed.again === 'settled') ? localize(check.hint, language) : failed.hint;

const observedOf = (outcome: Outcome): string => {
  switch (outcome.outcome) {
    case 'pass':
    case 'fail':
      return outcome.observed;
    case 'blocked':
      return outcome.by;
    case 'broken':
      return outcome.cause;
  }
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
