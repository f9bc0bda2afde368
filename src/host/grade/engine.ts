// Grades a lab: looks at the cluster once for all checks, evaluates them, and tries failed checks again (`within`).
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type CheckDefinition, type LabDefinition, type Language, localize } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { ClusterAccess } from './access.ts';
import { createCalls } from './calls.ts';
import { runChange } from './change/run.ts';
import { settle, startLook } from './collect.ts';
import { block, type Entry, evaluateEntry, type Selection, selectEntries } from './entry.ts';
import type { Fact, FactStore } from './facts.ts';
import { reportOf } from './report-of.ts';
import { phrases } from './say/phrases.ts';
import type { Student } from './student.ts';
import type { Evaluation, Evaluations, TimedEvaluation } from './verdict.ts';

export interface GradeOptions extends Selection {
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  /** From `ProgressStore.read()`. */
  readonly progress: Student;
  readonly language?: Language;
  /** Looks once: no check is tried again. */
  readonly once?: boolean;
  /** Called with what each check's evaluation rests on. The last call for a check counts. */
  readonly record?: (id: string, rests: Rests) => void;
  /** Whether checks may change the cluster: those of the type `change`, which undo it. */
  readonly changes?: boolean;
  /** Called with the title of each check that changes the cluster, before it does: this takes up to two minutes. */
  readonly onTry?: (title: string) => void;
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

const evaluateAll = async (entries: readonly Entry[], options: GradeOptions): Promise<Evaluations> => {
  let evaluations = await evaluateUnchanged(entries, options);
  if (!options.changes) return evaluations;
  const waitsForIt = ({ id }: Entry): boolean => {
    const { outcome } = evaluations.get(id) ?? {};
    return outcome?.outcome === 'blocked' && outcome.by === phrases[options.language ?? 'en'].triedLast();
  };
  // One after the other: each finds the cluster as it was. One may wait for another one.
  const tried = new Set<Entry>();
  const next = (): Entry | undefined => entries.find((entry) => !tried.has(entry) && waitsForIt(entry));
  for (let entry = next(); entry; entry = next()) {
    const { id, task } = entry;
    tried.add(entry);
    options.onTry?.(localize(entry.check.title, options.language ?? 'en'));
    evaluations = await lookAt([entry], options, evaluations, true);
    const needs = (other: Entry): boolean =>
      other.check.needs.includes(id) || other.task.needs?.includes(task.id) === true;
    const needy = entries.filter((other) => !tried.has(other) && needs(other));
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
