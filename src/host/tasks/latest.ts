// What each task had at the latest grading: its points, and what of it the cluster held. Read for a stopped lab, after
// a restart, which loses what only the kernel held, and when the time of an exam is over. Pure.
import * as z from 'zod';
import type { CheckDefinition, LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { CheckReport, Report } from '../../api/report.ts';
import { isQuestion } from '../grade/checks/answer.ts';
import type { Counted, CountedChecks } from '../grade/time-limit.ts';

export const latestSchema = z.object({
  /** When it was first seen like this. */
  at: z.string(),
  /** In which run of the machines (`runOf`). */
  run: z.string(),
  /** Of each check that was judged, without what hints cost. */
  points: z.record(z.string(), z.number()),
  /** The checks of the cluster that passed, whoever did the task. Undefined: labs has done it since. */
  held: z.array(z.string()).exactOptional(),
});

export type Latest = z.output<typeof latestSchema>;
export type LatestOfTasks = Readonly<Record<string, Latest>>;

export interface Seen {
  readonly lab: LabDefinition;
  /** The present run of the machines. */
  readonly run: string;
  /** `task/check` of what passes, also in tasks that `labs goto` did: reports show those as blocked. */
  readonly passing?: ReadonlySet<string>;
}

/** The checks of the cluster: not the questions, and not those that change the cluster first. */
export const stateChecks = (task: TaskDefinition): readonly CheckDefinition[] =>
  task.checks.filter((check) => !isQuestion(check) && check.type !== 'change');

/** @returns the tasks of the report that are not as they were `before` */
export const latestOf = (report: Report, { lab, run, passing }: Seen, before: LatestOfTasks): LatestOfTasks => {
  const changed = report.tasks.flatMap(({ id, skipped, checks }) => {
    const task = lab.tasks.find((each) => each.id === id);
    if (!task) return [];
    const known = before[id];
    const passes = (check: string): boolean => {
      if (skipped) return passing?.has(`${id}/${check}`) ?? known?.held?.includes(check) ?? false;
      return checks.some((each) => each.id === check && each.outcome === 'pass');
    };
    const held = stateChecks(task).flatMap((check) => (passes(check.id) ? [check.id] : []));
    const judged = checks.filter((check) => isJudged(task, check)).map((check) => [check.id, check.points] as const);
    const points = { ...known?.points, ...Object.fromEntries(judged) };
    const isSame = known && known.run === run && sameItems(known.held, held) && samePoints(known.points, points);
    return isSame ? [] : [[id, { at: report.gradedAt, run, points, held }] as const];
  });
  return Object.fromEntries(changed);
};

/** A look that changes nothing does not judge the checks that change the cluster, and takes none of their points. */
const isJudged = ({ checks }: TaskDefinition, { id, outcome, blockedBy }: CheckReport): boolean =>
  outcome !== 'broken' &&
  (outcome !== 'blocked' || blockedBy !== undefined || checks.find((each) => each.id === id)?.type !== 'change');

/** What a grading says about each check, where that is new. @param gains nothing loses points, but for answers */
export const judgedIn = (
  report: Report,
  { lab, gains }: { readonly lab: LabDefinition; readonly gains: boolean },
  before: CountedChecks,
): Record<string, Omit<Counted, 'at'>> => {
  const judged = report.tasks.flatMap(({ id, checks }) => {
    const task = lab.tasks.find((each) => each.id === id);
    return checks.flatMap((check) => {
      const { points, outcome } = check;
      const known = before[`${id}/${check.id}`];
      // What broke says nothing about the student's work, but it must show where nothing else is known.
      const says = outcome === 'broken' ? known === undefined : task !== undefined && isJudged(task, check);
      const isLoss = known !== undefined && points < known.points && !isAnswer(task, check.id);
      const isNew = known?.points !== points || known.outcome !== outcome;
      return says && isNew && !(gains && isLoss) ? [[`${id}/${check.id}`, { points, outcome }] as const] : [];
    });
  });
  return Object.fromEntries(judged);
};

/** What a student answered does not change from one moment to the next. */
const isAnswer = (task: TaskDefinition | undefined, id: string): boolean =>
  task?.checks.some((check) => check.id === id && isQuestion(check)) ?? false;

const sameItems = (one: readonly string[] | undefined, other: readonly string[]): boolean =>
  one?.join(' ') === other.join(' ');

const samePoints = (one: Latest['points'], other: Latest['points']): boolean =>
  Object.keys(other).length === Object.keys(one).length &&
  Object.entries(other).every(([check, points]) => one[check] === points);
