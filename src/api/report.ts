// A grade: the canonical, versioned report. Every other format is a pure conversion of it.

export const reportVersion = 'labs.report/v1';

export interface Report {
  readonly version: typeof reportVersion;
  /** The lab's name, e.g. `service-networking`. */
  readonly lab: string;
  /** The running instance's name; the same as `lab` unless started with `--name`. */
  readonly name: string;
  /** RFC 3339, UTC. */
  readonly gradedAt: string;
  readonly durationMs: number;
  readonly score: number;
  readonly maxScore: number;
  /** True if any check was `broken`: the score is then a lower bound, and nobody's fault. */
  readonly broken: boolean;
  readonly tasks: readonly TaskReport[];
}

export interface TaskReport {
  readonly id: string;
  readonly title: string;
  readonly score: number;
  readonly maxScore: number;
  readonly checks: readonly CheckReport[];
}

export interface CheckReport {
  readonly id: string;
  readonly title: string;
  readonly outcome: Outcome['outcome'];
  readonly points: number;
  readonly maxPoints: number;
  /** What should be, in words; always there. */
  readonly expected: string;
  /** What was seen, in words; for `blocked` what blocks it, for `broken` what broke. */
  readonly observed: string;
  readonly hint?: string;
  readonly durationMs: number;
}

/** A check's outcome separates the student's fault from ours. Exhaustively switched wherever it is read. */
export type Outcome =
  | { readonly outcome: 'pass'; readonly observed: string }
  | { readonly outcome: 'fail'; readonly expected: string; readonly observed: string; readonly hint?: string }
  | { readonly outcome: 'blocked'; readonly by: string }
  | { readonly outcome: 'broken'; readonly cause: string };
