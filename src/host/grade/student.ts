// The part of the student's work that is not in the cluster: answers and begun tasks. host/tasks stores them.
import type { LabDefinition, TaskDefinition } from '../../api/lab.ts';
import type { StudentEvent, TaskReport } from '../../api/report.ts';
import type { Timed } from './time-limit.ts';

export interface Student extends Timed {
  /** Answers to questions, by `task/check`. */
  readonly answers: Readonly<Record<string, string>>;
  /**
   * Answers that were right once, by `task/check`. They stay right when a restarted pod gets another veth,
   * but an answer that does not depend on the cluster is judged anew.
   */
  readonly verified: Readonly<Record<string, string>>;
  /** Tasks whose setup has run. */
  readonly begun: readonly string[];
  /** When a task passed for the first time, by task: RFC 3339, UTC. */
  readonly passedAt?: Readonly<Record<string, string>>;
  /** Tasks that `labs solve` solved. */
  readonly solved?: readonly string[];
  /** Tasks that `labs goto` did → their checks that had passed before. Only these checks give points. */
  readonly skipped?: Readonly<Record<string, readonly string[]>>;
  /** How many hints were read, by task. */
  readonly hints?: Readonly<Record<string, number>>;
  /** Oldest first. */
  readonly history?: readonly StudentEvent[];
}

/** Whether the task has a setup that has not run yet. Until then its checks are blocked. */
export const waitsToBegin = ({ id, setup }: TaskDefinition, { begun }: Pick<Student, 'begun'>): boolean =>
  setup !== undefined && !begun.includes(id);

/**
 * The tasks that must be done before this one and are not: neither at present nor at an earlier grading, and not by
 * `labs goto`. A task that has passed itself waits for nothing.
 */
export const undoneNeeds = (
  { id, needs = [] }: TaskDefinition,
  { passedAt, skipped }: Pick<Student, 'passedAt' | 'skipped'>,
  passesNow: (task: string) => boolean = () => false,
): readonly string[] => {
  if (passedAt?.[id] !== undefined) return [];
  return needs.filter((need) => passedAt?.[need] === undefined && skipped?.[need] === undefined && !passesNow(need));
};

/** The number of another task whose fault is open and secret, if this task has passed before. */
export const openSecret = (
  { tasks }: LabDefinition,
  { id }: TaskDefinition,
  { begun, passedAt = {}, solved = [], skipped = {} }: Student,
): number | undefined => {
  if (passedAt[id] === undefined) return undefined;
  const isOpen = (other: string): boolean =>
    other !== id && begun.includes(other) && passedAt[other] === undefined && skipped[other] === undefined;
  const index = tasks.findIndex(
    (task) =>
      task.setup !== undefined &&
      isOpen(task.id) &&
      !solved.includes(task.id) &&
      task.checks.some(({ reveal }) => reveal !== 'cause'),
  );
  return index < 0 ? undefined : index + 1;
};

/** For a look at the cluster, whoever did the tasks: no task is locked, and nothing is withheld. */
export const whoeverDid = <S extends Student>({ tasks }: LabDefinition, student: S): S => ({
  ...student,
  skipped: {},
  passedAt: Object.fromEntries(tasks.map(({ id }) => [id, ''])),
});

/** Whether the check may give points. What `labs goto` did gives none. */
export const gives = ({ skipped }: Student, task: string, check: string): boolean =>
  skipped?.[task]?.includes(check) ?? true;

/** The points that the hints cost which the student has read. */
export const hintCost = ({ id, hints }: TaskDefinition, student: Student): number =>
  hints.slice(0, student.hints?.[id] ?? 0).reduce((total, { cost }) => total + cost, 0);

/** What happened to the task before this grading. */
export const historyOf = (
  task: string,
  { passedAt, solved, skipped }: Student,
): Pick<TaskReport, 'passedAt' | 'solved' | 'skipped'> => ({
  ...(passedAt?.[task] === undefined ? {} : { passedAt: passedAt[task] }),
  ...(solved?.includes(task) ? { solved: true as const } : {}),
  ...(skipped?.[task] ? { skipped: true as const } : {}),
});
