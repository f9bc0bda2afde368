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
import type { Report } from '../../api/report.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { ClusterAccess } from './access.ts';
import { createCalls } from './calls.ts';
import { runChange } from './change/run.ts';
import { settle, startLook } from './collect.ts';
import { evaluate } from './evaluate.ts';
import type { Fact, FactStore } from './facts.ts';
import { type ReportOptions, reportOf } from './report-of.ts';
import { phrases } from './say/phrases.ts';
import { type Student, undoneNeeds } from './student.ts';
import type { Evaluation, Evaluations, TimedEvaluation } from './verdict.ts';
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
  /** Whether checks may change the cluster: those of the type `change`, which undo it. */
  readonly changes?: boolean;
  readonly signal: AbortSignal;
}

/** What an evaluation rests on. */
export interface Rests {
  readonly evaluation: TimedEvaluation;
  /** The facts that the check has read, by their keys. */
  readonly facts: ReadonlyMap<string, Fact>;
}

/** Grades the running lab. When the fabric fails, checks are `broken`; the promise does not reject. */
export const gradeLab = async (options: GradeOptions): Promise<Report> => {
  const started = performance.now();
  const entries = selectEntries(options.lab, options);
  return reportOf(options, await evaluateAll(entries, options), started);
};

/** A check with its task; `id` is `task/check`. */
export interface Entry {
  readonly id: string;
  readonly task: TaskDefinition;
  /** The task's number in the lab, from 1. */
  readonly number: number;
  readonly check: CheckDefinition;
}

/** The checks of the chosen tasks, and the checks that these need, also by `needs` of their tasks. */
export const selectEntries = (
  lab: LabDefinition,
  { tasks, only, progress = {} }: Pick<GradeOptions, 'tasks' | 'only'> & { readonly progress?: Partial<Student> },
): readonly Entry[] => {
  const all = lab.tasks.flatMap((task, index) =>
    task.checks.map((check) => ({ id: `${task.id}/${check.id}`, task, number: index + 1, check })),
  );
  if (tasks === undefined && only === undefined) return all;
  const wanted = new Set<string>();
  const add = (id: string): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    const entry = all.find((each) => each.id === id);
    if (!entry) return;
    for (const need of entry.check.needs) add(need);
    const needed = undoneNeeds(entry.task, progress);
    for (const { id: other, task } of all) if (needed.includes(task.id)) add(other);
  };
  for (const { id, task } of all) if (only === undefined ? tasks?.includes(task.id) : id === only) add(id);
  return all.filter(({ id }) => wanted.has(id));
};

const evaluateAll = async (entries: readonly Entry[], options: GradeOptions): Promise<Evaluations> => {
  let evaluations = await evaluateUnchanged(entries, options);
  if (!options.changes) return evaluations;
  const waitsForIt = ({ id }: Entry): boolean => {
    const { outcome } = evaluations.get(id) ?? {};
    return outcome?.outcome === 'blocked' && outcome.by === phrases[options.language ?? 'en'].triedLast();
  };
  // One after the other: each finds the cluster as it was.
  for (const entry of entries.filter(waitsForIt)) {
    evaluations = await lookAt([entry], options, evaluations, true);
    const needy = entries.filter(
      ({ check, task }) => check.needs.includes(entry.id) || task.needs?.includes(entry.task.id),
    );
    if (needy.length > 0) evaluations = await lookAt(needy, options, evaluations);
  }
  return evaluations;
};

/** Without checks that change the cluster. */
const evaluateUnchanged = async (entries: readonly Entry[], options: GradeOptions): Promise<Evaluations> => {
  const first = await lookAt(entries, options);
  if (options.once) return first;
  return await stay(entries, options, await tryAgain(entries, options, first));
};

const tryAgain = async (entries: readonly Entry[], options: GradeOptions, first: Evaluations): Promise<Evaluations> => {
  let evaluations = first;
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

/** Looks again at the checks that have passed, for as long as they must stay so. What fails then has failed. */
const stay = async (entries: readonly Entry[], options: GradeOptions, passed: Evaluations): Promise<Evaluations> => {
  let evaluations = passed;
  const started = performance.now();
  for (;;) {
    const elapsed = performance.now() - started;
    const due = entries.filter(
      ({ id, check }) => check.stableForMs > elapsed && evaluations.get(id)?.outcome.outcome === 'pass',
    );
    if (due.length === 0) return evaluations;
    await delay(Math.min(...due.map(({ check }) => stablePauseMs(check))), undefined, { signal: options.signal });
    evaluations = await lookAt(due, options, evaluations);
  }
};

/** The time between looks at a check that must stay as it is: at least five looks. */
export const stablePauseMs = ({ stableForMs }: CheckDefinition): number => Math.min(stableForMs / 5, 1000);

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

/**
 * One look at the cluster, and again for the checks that fail while another grader changes it. Checks that change the
 * cluster themselves wait by themselves.
 */
const lookAt = async (
  entries: readonly Entry[],
  options: GradeOptions,
  earlier: Evaluations = new Map(),
  mayChange = false,
): Promise<Evaluations> => {
  if (mayChange) return await lookOnce(entries, options, earlier, mayChange);
  let evaluations = earlier;
  let due = entries;
  const started = performance.now();
  for (;;) {
    const before = await changeStateOf(options);
    evaluations = await lookOnce(due, options, evaluations);
    const failed = due.filter(({ id }) => evaluations.get(id)?.outcome.outcome === 'fail');
    if (failed.length === 0) return evaluations;
    const after = await changeStateOf(options);
    if (!before.open && !after.open && before.count === after.count) return evaluations;
    if (performance.now() - started > othersMs) return withoutVerdict(evaluations, failed, options);
    due = [...failed, ...entries.filter(({ id }) => evaluations.get(id)?.outcome.outcome === 'blocked')];
    await changeIsOver(options, othersMs - (performance.now() - started));
  }
};

/** Each check that changes the cluster takes up to two minutes. */
const othersMs = 300_000;

const changeStateOf = async ({ access, signal }: GradeOptions): Promise<{ open: boolean; count: number }> => {
  try {
    return await access.fabric.call('changeState', {}, { signal });
  } catch {
    signal.throwIfAborted();
    // The fabric of a lab that an older labs has started.
    return { open: false, count: 0 };
  }
};

const changeIsOver = async (options: GradeOptions, timeoutMs: number): Promise<void> => {
  const look = async () =>
    (await changeStateOf(options)).open ? notYet('another grader changes the cluster') : done(undefined);
  const limits = { timeoutMs: Math.max(timeoutMs, 0), maxIntervalMs: 500, signal: options.signal };
  await eventually('no other grader changes the cluster', look, limits).catch(() => options.signal.throwIfAborted());
};

/** What another grader does must cost nobody points. */
const withoutVerdict = (
  evaluations: Evaluations,
  entries: readonly Entry[],
  { language = 'en' }: GradeOptions,
): Evaluations => {
  const cause = phrases[language].othersChange();
  const broken = entries.flatMap(({ id }) => {
    const evaluation = evaluations.get(id);
    const outcome = { outcome: 'broken', cause } as const;
    return evaluation ? [[id, { ...evaluation, outcome, retry: 'never' as const }] as const] : [];
  });
  return new Map([...evaluations, ...broken]);
};

/** No check waits for facts that only another check needs. */
const lookOnce = async (
  entries: readonly Entry[],
  options: GradeOptions,
  earlier: Evaluations,
  mayChange = false,
): Promise<Evaluations> => {
  const started = performance.now();
  const { lab, access, signal, language = 'en' } = options;
  const cluster = { lab, access, language, signal };
  const look = startLook({
    ...{ access, signal, calls: () => createCalls(cluster) },
    ...(mayChange ? { change: (request) => runChange(cluster, request) } : {}),
  });
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
  return block(lab, new Map([...earlier, ...evaluated]), options);
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

/**
 * Blocks every check with a need that did not pass. The check's own outcome is then dropped.
 * @param whose also blocks the checks of tasks that are locked for this student
 */
export const block = (
  lab: LabDefinition,
  evaluations: Evaluations,
  whose?: Pick<GradeOptions, 'progress' | 'language'>,
): Evaluations => {
  const needs = new Map<string, readonly string[]>(
    lab.tasks.flatMap(({ id, checks }) => checks.map((check) => [`${id}/${check.id}`, check.needs] as const)),
  );
  const finished = new Map<string, TimedEvaluation>();
  const finish = (id: string): TimedEvaluation | undefined => {
    const known = finished.get(id) ?? evaluations.get(id);
    if (!known || finished.has(id)) return known;
    const by = lockOf(id) ?? (needs.get(id) ?? []).find((need) => finish(need)?.outcome.outcome !== 'pass');
    const evaluation: TimedEvaluation =
      by === undefined ? known : { ...known, outcome: { outcome: 'blocked', by }, retry: 'never' };
    finished.set(id, evaluation);
    return evaluation;
  };
  const passes = (task: string): boolean =>
    lab.tasks.some(
      ({ id, checks }) =>
        id === task && checks.every((check) => finish(`${id}/${check.id}`)?.outcome.outcome === 'pass'),
    );
  const lockOf = (id: string): string | undefined => {
    const task = whose && lab.tasks.find((each) => id.startsWith(`${each.id}/`));
    const [first] = task ? undoneNeeds(task, whose.progress, passes) : [];
    if (first === undefined) return undefined;
    const index = lab.tasks.findIndex((each) => each.id === first);
    const { language = 'en' } = whose ?? {};
    return phrases[language].afterTask(index + 1, localize(lab.tasks[index]?.title ?? { en: first }, language));
  };
  for (const id of evaluations.keys()) finish(id);
  return finished;
};
