// The checks of a lab one by one: which are chosen, what each gives, and which wait for others.
import { performance } from 'node:perf_hooks';
import {
  type CheckDefinition,
  type LabDefinition,
  type Language,
  localize,
  type TaskDefinition,
} from '../../api/lab.ts';
import { evaluate } from './evaluate.ts';
import type { FactStore } from './facts.ts';
import type { ReportOptions } from './report-of.ts';
import { phrases } from './say/phrases.ts';
import { type Student, undoneNeeds } from './student.ts';
import type { Evaluations, TimedEvaluation } from './verdict.ts';
import { createView } from './view/view.ts';

/** The checks that are wanted. Without a choice, all. */
export interface Selection {
  /** Reports these tasks only. Default: all. Checks of other tasks that these tasks need are evaluated, too. */
  readonly tasks?: readonly string[];
  /** Evaluates only this check, `task/check`, and what it needs. The report has this one check. */
  readonly only?: string;
}

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
  { tasks, only, progress = {} }: Selection & { readonly progress?: Partial<Student> },
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
  whose?: { readonly progress: Student; readonly language?: Language },
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
