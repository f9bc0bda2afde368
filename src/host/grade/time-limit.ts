// The clock of an exam, and what counts when its time is over: for each check, the latest grading before the end. Pure.
import type { Language } from '../../api/lab.ts';
import type { CheckReport, Report, TaskReport } from '../../api/report.ts';
import { phrases } from './say/phrases.ts';

export interface Clock {
  /** When the lab was ready for the first time: RFC 3339, UTC. */
  readonly startedAt: string;
  /** How long the student has, without what was given later. */
  readonly seconds: number;
  /** What `labs extend` has given. */
  readonly extendedSeconds: number;
  /** How often the whole lab was built anew since. The clock goes on. */
  readonly resets: number;
}

/** What a check had at the latest grading in time. */
export interface Counted {
  /** When a grading said so for the first time: RFC 3339, UTC. */
  readonly at: string;
  readonly points: number;
  readonly outcome: CheckReport['outcome'];
}

/** By `task/check`. */
export type CountedChecks = Readonly<Record<string, Counted>>;

/** What a student's lab knows of an exam. */
export interface Timed {
  /** Of an exam that has begun. */
  readonly clock?: Clock;
  /** What each check had at the latest grading in time. */
  readonly counted?: CountedChecks;
}

export const endOf = ({ startedAt, seconds, extendedSeconds }: Clock): Date =>
  new Date(Date.parse(startedAt) + (seconds + extendedSeconds) * 1000);

export const isOver = (clock: Clock, now: Date): boolean => now >= endOf(clock);

/**
 * Adds the time limit to a report. When the time was over, the report becomes what the latest grading before said;
 * what is different now gives and takes nothing.
 */
export const countInTime = (report: Report, { clock, counted = {} }: Timed, language: Language = 'en'): Report => {
  if (!clock) return report;
  const over = isOver(clock, new Date(report.gradedAt));
  const { startedAt, seconds, extendedSeconds, resets } = clock;
  const endsAt = endOf(clock).toISOString();
  const timeLimit = { seconds, extendedSeconds, startedAt, endsAt, over, resets };
  if (!over) return { ...report, timeLimit };
  const tasks = report.tasks.map((task) => taskInTime(task, counted, language));
  return {
    ...report,
    score: sum(tasks.map(({ score }) => score)),
    broken: tasks.some(({ checks }) => checks.some(({ outcome }) => outcome === 'broken')),
    tasks,
    timeLimit: { ...timeLimit, counted: tasks.map((task) => countedOf(task, counted)) },
  };
};

const taskInTime = (task: TaskReport, counted: CountedChecks, language: Language): TaskReport => {
  const checks = task.checks.map((check) => checkInTime(check, counted[`${task.id}/${check.id}`], language));
  return { ...task, checks, score: Math.max(0, sum([...checks.map(({ points }) => points), -(task.hintCost ?? 0)])) };
};

const checkInTime = (check: CheckReport, counted: Counted | undefined, language: Language): CheckReport => {
  const { points = 0, outcome = check.outcome === 'blocked' ? 'blocked' : 'fail' } = counted ?? {};
  if (outcome === check.outcome && counted) return { ...check, points };
  if (outcome === 'blocked' && !counted) return { ...check, points };
  const { hint: _, unclear: __, blockedBy: ___, ...rest } = check;
  const say = phrases[language].inTime;
  return { ...rest, points, outcome, observed: counted ? say[outcome] : say.never };
};

/** Since when gradings in time said so. */
const countedOf = ({ id, score, checks }: TaskReport, counted: CountedChecks) => {
  const since = checks
    .flatMap((check) => counted[`${id}/${check.id}`]?.at ?? [])
    .sort()
    .at(-1);
  return { task: id, score, ...(since === undefined ? {} : { since }) };
};

/** Parts of points have two decimals, and binary fractions would show more. */
const sum = (values: readonly number[]): number =>
  Math.round(values.reduce((total, value) => total + value, 0) * 100) / 100;
