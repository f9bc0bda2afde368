// What a student did so far, and how each event changes it. Pure; progress.ts reads and writes it.
import { passesNow, type Report, type StudentEvent } from '../../api/report.ts';
import type { Student } from '../grade/student.ts';
import type { CountedChecks } from '../grade/time-limit.ts';
import { type LatestOfTasks, latestOf, type Seen } from './latest.ts';
import type { Remembered } from './record.ts';

/** What the student did so far. */
export interface Progress extends Student {
  /** How many hints were taken, by task. */
  readonly hints: Readonly<Record<string, number>>;
  /** Tasks that had the full score at some grading. A later fault does not take this away. */
  readonly passed: readonly string[];
  readonly passedAt: Readonly<Record<string, string>>;
  readonly solved: readonly string[];
  readonly skipped: Readonly<Record<string, readonly string[]>>;
  /** In which run of the machines (`runOf`) the setup of a task ran last, by task. A restart may mend a fault. */
  readonly begunIn: Readonly<Record<string, string>>;
  /** Survives a reset of a task. */
  readonly history: readonly PastEvent[];
  /** What each task had at the latest grading, by task. */
  readonly latest: LatestOfTasks;
  readonly counted: CountedChecks;
}

/** What a student did, with the answer that was tried. */
export interface PastEvent extends StudentEvent {
  readonly answer?: string;
}

export const noProgress: Progress = {
  answers: {},
  verified: {},
  begun: [],
  hints: {},
  passed: [],
  passedAt: {},
  solved: [],
  skipped: {},
  begunIn: {},
  history: [],
  latest: {},
  counted: {},
};

export type Change = (before: Progress) => Progress;

export const answered =
  (check: string, value: string): Change =>
  (before) => ({ ...before, answers: { ...before.answers, [check]: value } });

/** Which tasks of a report pass for the first time, and what else it changes. */
export interface Graded {
  readonly passedNow: readonly string[];
  /** Undefined: nothing changes. */
  readonly change: Change | undefined;
}

export const graded = (report: Report, before: Progress, seen?: Seen): Graded => {
  const full = report.tasks.filter(passesNow).map(({ id }) => id);
  const passedNow = full.filter((id) => !before.passed.includes(id));
  const right = rightAnswers(report, before);
  const known = Object.entries(right).every(([check, value]) => before.verified[check] === value);
  const changed = seen ? latestOf(report, seen, before.latest) : {};
  if (known && passedNow.length === 0 && Object.keys(changed).length === 0) return { passedNow, change: undefined };
  const change: Change = (present) => ({
    ...present,
    passed: passedNow.reduce(withItem, present.passed),
    passedAt: { ...Object.fromEntries(passedNow.map((id) => [id, report.gradedAt])), ...present.passedAt },
    verified: { ...present.verified, ...right },
    latest: { ...present.latest, ...(seen && latestOf(report, seen, present.latest)) },
  });
  return { passedNow, change };
};

/** labs has done the task: nobody knows what of it the cluster holds. */
export const skipped =
  (task: string): Change =>
  (before) => {
    const { held: _, ...known } = before.latest[task] ?? { at: '', run: '', points: {} };
    return { ...before, latest: { ...before.latest, [task]: known } };
  };

/** The cluster holds these tasks in this run of the machines, too. @returns undefined if that is known */
export const heldIn = (tasks: readonly string[], run: string, { latest }: Progress): Change | undefined => {
  const isOther = ([id, known]: readonly [string, { readonly run: string }]): boolean =>
    tasks.includes(id) && known.run !== run;
  if (!Object.entries(latest).some(isOther)) return undefined;
  return (before) => {
    const moved = Object.entries(before.latest).filter(isOther);
    return {
      ...before,
      latest: { ...before.latest, ...Object.fromEntries(moved.map(([id, known]) => [id, { ...known, run }])) },
    };
  };
};

/** The cluster no longer has what these tasks make. */
export const rewound =
  (tasks: readonly string[]): Change =>
  (before) => {
    const at = new Date().toISOString();
    const gone: LatestOfTasks = Object.fromEntries(
      tasks.map((id) => [id, { at, run: '', points: {}, ...before.latest[id], held: [] }]),
    );
    const rest = restrict(before, (id) => !(tasks.includes(id) && before.skipped[id]));
    return { ...rest, latest: { ...rest.latest, ...gone } };
  };

export const forgotten =
  (task: string): Change =>
  (before) =>
    restrict(before, (id) => id !== task);

/** The part that the lab remembers itself. */
export const partOf = (progress: Progress): Remembered => {
  const { begun, begunIn, hints, solved, skipped: tasks, history, clock, counted } = progress;
  const part = { begun, begunIn, hints, solved, skipped: tasks, history, ...(clock ? { clock } : {}), counted };
  return structuredClone(part) as Remembered;
};

const withItem = (list: readonly string[], item: string): readonly string[] =>
  list.includes(item) ? list : [...list, item].sort();

/** The progress of those tasks only. */
const restrict = (progress: Progress, wanted: (task: string) => boolean): Progress => {
  const keys = <T>(record: Readonly<Record<string, T>>) => keysOf(record, wanted);
  const { answers, verified, begun, hints, passed, passedAt, solved, skipped, begunIn, latest, counted } = progress;
  return {
    ...progress,
    counted: keys(counted),
    latest: keys(latest),
    answers: keys(answers),
    verified: keys(verified),
    begun: begun.filter(wanted),
    hints: keys(hints),
    passed: passed.filter(wanted),
    passedAt: keys(passedAt),
    solved: solved.filter(wanted),
    skipped: keys(skipped),
    begunIn: keys(begunIn),
  };
};

/** The entries of those tasks. A key is `task` or `task/check`. */
const keysOf = <T>(record: Readonly<Record<string, T>>, wanted: (task: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([key]) => wanted(key.split('/')[0] ?? '')));

const rightAnswers = ({ tasks }: Report, { answers }: Progress): Readonly<Record<string, string>> =>
  Object.fromEntries(
    tasks
      .flatMap(({ id, checks }) => checks.map(({ id: check, outcome }) => [`${id}/${check}`, outcome] as const))
      .flatMap(([check, outcome]) => {
        const answer = answers[check];
        return outcome === 'pass' && answer !== undefined ? [[check, answer]] : [];
      }),
  );
