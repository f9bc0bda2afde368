// The report of a grading, versioned. Every other format is made from this one.

export const reportVersion = 'labs.report/v1';

export interface Report {
  readonly version: typeof reportVersion;
  /** The lab's name, e.g. `service-networking`. */
  readonly lab: string;
  /** The name of the running instance. It is the same as `lab` unless the lab was started with `--name`. */
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly gradedAt: string;
  readonly durationMs: number;
  readonly score: number;
  readonly maxScore: number;
  /** Whether any check is `broken`. Then the real score may be higher. */
  readonly broken: boolean;
  readonly tasks: readonly TaskReport[];
  /** What the student did, oldest first: answers that were tried, hints, solutions, resets. Only the latest 5000. */
  readonly history?: readonly StudentEvent[];
}

export interface StudentEvent {
  /** RFC 3339, UTC. */
  readonly at: string;
  /** `solve`, `goto`: labs did the task. `reset` without a task: the whole lab. */
  readonly what: 'answer' | 'hint' | 'solve' | 'goto' | 'reset';
  readonly task?: string | undefined;
  /** For an answer: the question, and whether the answer was right. */
  readonly check?: string | undefined;
  readonly right?: boolean | undefined;
}

/** Many wrong answers to one question in a short time. */
export interface Guessing {
  /** The question's check. */
  readonly check: string;
  readonly title: string;
  /** Wrong answers within one minute, the most that there were. */
  readonly wrong: number;
  /** When that minute began: RFC 3339, UTC. */
  readonly at: string;
}

export interface TaskReport {
  readonly id: string;
  /** The task's number in the lab, from 1. */
  readonly number: number;
  readonly title: string;
  readonly score: number;
  readonly maxScore: number;
  /** When the task passed for the first time: RFC 3339, UTC. The score is about the present state. */
  readonly passedAt?: string;
  /** labs solved the task for the student. */
  readonly solved?: true;
  /** `labs goto` did the task. Only checks that had passed before give points; the others are `blocked`. */
  readonly skipped?: true;
  /** Questions whose answers may have been found by trying. */
  readonly guessed?: readonly Guessing[];
  readonly checks: readonly CheckReport[];
}

export interface CheckReport {
  readonly id: string;
  readonly title: string;
  readonly outcome: Outcome['outcome'];
  readonly points: number;
  readonly maxPoints: number;
  /** What the check expects, as a phrase. */
  readonly expected: string;
  /** What was seen, as a phrase. For `blocked`: what blocks the check. For `broken`: what broke. */
  readonly observed: string;
  readonly hint?: string;
  /** The answer was not understood: neither right nor wrong. `observed` and `hint` say which form it should have. */
  readonly unclear?: true;
  /** For `blocked` by another check: its `task/check`. */
  readonly blockedBy?: string;
  readonly durationMs: number;
}

/**
 * The outcome of a check. `fail` is the student's fault; `broken` is a fault of the lab or the machine.
 * `blocked`: a check or task that comes first is not done.
 */
export type Outcome =
  | { readonly outcome: 'pass'; readonly observed: string }
  | {
      readonly outcome: 'fail';
      readonly expected: string;
      readonly observed: string;
      readonly hint?: string;
      readonly unclear?: true;
    }
  | { readonly outcome: 'blocked'; readonly by: string }
  | { readonly outcome: 'broken'; readonly cause: string };
