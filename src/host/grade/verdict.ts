// The types of results, from the kind of check to the report:
//   Verdict     whether one place is as the check describes
//   Evaluation  the outcome of one check after one look, with what the engine needs to look again
//   Outcome     pass, fail, blocked or broken (src/api/report.ts)
//   CheckReport the outcome with title and points, as reports show it (src/api/report.ts)
import type { Outcome } from '../../api/report.ts';

export interface Verdict {
  /** Whether the place is as the check describes. `not` is applied later. */
  readonly holds: boolean;
  /** What the check saw, as a phrase. */
  readonly observed: string;
  /** What `reveal: symptom` shows instead of `observed`, if `observed` names the place of the cause. */
  readonly symptom?: string;
  /** What to do when the check fails. */
  readonly hint?: string;
  /** The student's answer was not understood, so it does not count as wrong. */
  readonly unclear?: true;
  /**
   * Of a place that does not hold: which part of it is as the check describes, from 0 to 1. With it, the check gives a
   * part of its points.
   */
  readonly share?: number;
  /** Replaces the kind's own phrase for what was expected. */
  readonly expected?: string;
}

export interface Evaluation {
  readonly outcome: Outcome;
  /** What the check expects, as a phrase, whatever the outcome. */
  readonly expected: string;
  readonly retry: Retry;
}

/** The latest evaluation of each check, by `task/check`. */
export type Evaluations = ReadonlyMap<string, TimedEvaluation>;

export interface TimedEvaluation extends Evaluation {
  /** From the start of the look. */
  readonly durationMs: number;
}

/**
 * For how long a check that did not pass is tried again:
 * `within`: for the check's own `within`;
 * `never`: not at all, for example because an object or the student's answer is missing;
 * `restart`: long enough for a component to restart, and at least for the check's `within`.
 */
export type Retry = 'within' | 'never' | 'restart';

/** The verdict that decides the outcome: the first one that makes the check fail, else the last one. */
export const decisive = (verdicts: readonly Verdict[], not: boolean): Verdict => {
  const verdict = verdicts.find(({ holds }) => holds === not) ?? verdicts.at(-1);
  if (!verdict) throw new Error('the check looked at no place');
  return verdict;
};
