// What the lab itself remembers of a student, event by event: hints, solutions, tries, begun tasks. Nothing is ever
// taken out of it, so another, an older or a missing progress file hides none of it. Pure.
import * as z from 'zod';
import type { StudentEvent } from '../../api/report.ts';
import { clockSchema, countedSchema, eventSchema, judgedSchema } from './progress-file.ts';

const names = z.array(z.string());

/** What was known before the lab had a record, or what a lab that was reset goes on with. */
const earlierSchema = z.object({
  begun: names,
  begunIn: z.record(z.string(), z.string()),
  hints: z.record(z.string(), z.int()),
  solved: names,
  skipped: z.record(z.string(), names),
  history: z.array(eventSchema),
  clock: clockSchema.exactOptional(),
  counted: countedSchema.default({}),
});

export const recordedSchema = z.discriminatedUnion('did', [
  /** What the history has. */
  z.object({
    did: z.literal('event'),
    event: eventSchema,
    /** Of `goto`: the checks that had passed before. */
    earned: names.exactOptional(),
    /** Of `reset`: the task stays begun. */
    stillBegun: z.boolean().exactOptional(),
  }),
  z.object({ did: z.literal('begin'), task: z.string(), run: z.string() }),
  z.object({ did: z.literal('rewind'), tasks: names }),
  /** Of an exam: what a grading in time said that was new, by `task/check`. */
  z.object({ did: z.literal('graded'), at: z.string(), checks: z.record(z.string(), judgedSchema) }),
  z.object({ did: z.literal('earlier'), known: earlierSchema }),
]);

export type Recorded = z.output<typeof recordedSchema>;
export type Remembered = z.output<typeof earlierSchema>;

/** Where the lab keeps its record. */
export interface ProgressRecord {
  /** Oldest first. */
  read(): Promise<readonly Recorded[]>;
  append(event: Recorded): Promise<void>;
}

export const nothingRemembered: Remembered = {
  begun: [],
  begunIn: {},
  hints: {},
  solved: [],
  skipped: {},
  history: [],
  counted: {},
};

/** Somebody who tries answers needs an hour for so many. */
export const mostEvents = 5000;

export const remember = (before: Remembered, recorded: Recorded): Remembered => {
  switch (recorded.did) {
    case 'earlier':
      return joined(before, recorded.known);
    case 'begin': {
      const { task, run } = recorded;
      return { ...before, begun: withItem(before.begun, task), begunIn: { ...before.begunIn, [task]: run } };
    }
    case 'rewind': {
      const { tasks } = recorded;
      const kept = tasks.filter((task) => before.skipped[task]).reduce(without, before);
      const rest = tasks.reduce(notBegun, kept);
      return { ...kept, begun: rest.begun, begunIn: rest.begunIn };
    }
    case 'graded': {
      const { at, checks } = recorded;
      const news = Object.entries(checks).map(([check, judged]) => [check, { at, ...judged }]);
      return { ...before, counted: { ...before.counted, ...Object.fromEntries(news) } };
    }
    case 'event': {
      const { event } = recorded;
      return { ...effectOf(before, recorded), history: [...before.history, event].slice(-mostEvents) };
    }
  }
};

/** Two processes may both be the first to record something. */
const joined = (before: Remembered, known: Remembered): Remembered => {
  const { begun, begunIn, hints, solved, skipped, history, counted } = known;
  const ids = new Set(before.history.map(idOf));
  const most = Object.entries(hints).map(([task, count]) => [task, Math.max(count, before.hints[task] ?? 0)]);
  return {
    begun: begun.reduce(withItem, before.begun),
    begunIn: { ...begunIn, ...before.begunIn },
    hints: { ...before.hints, ...Object.fromEntries(most) },
    solved: solved.reduce(withItem, before.solved),
    skipped: { ...skipped, ...before.skipped },
    history: [...history.filter((event) => !ids.has(idOf(event))), ...before.history].slice(-mostEvents),
    ...earlierClock(before, known),
    counted: { ...counted, ...before.counted },
  };
};

/** A lab that was reset goes on with the clock that it had, whatever began a new one meanwhile. */
const earlierClock = (...both: readonly Remembered[]): Pick<Remembered, 'clock'> => {
  const clocks = both.flatMap(({ clock }) => clock ?? []);
  const [clock] = clocks.toSorted((one, other) => one.startedAt.localeCompare(other.startedAt));
  return clock ? { clock } : {};
};

const idOf = ({ at, what, task = '', check = '' }: StudentEvent): string => `${at} ${what} ${task} ${check}`;

const effectOf = (before: Remembered, recorded: Extract<Recorded, { did: 'event' }>): Remembered => {
  const { event, earned = [], stillBegun } = recorded;
  const { what, task } = event;
  if (task === undefined) return effectOnLab(before, event);
  switch (what) {
    case 'answer':
    case 'redo':
    case 'clock':
    case 'extend':
      return before;
    case 'hint':
      return { ...before, hints: { ...before.hints, [task]: (before.hints[task] ?? 0) + 1 } };
    case 'solve': {
      const { [task]: _, ...skipped } = before.skipped;
      return { ...before, solved: withItem(before.solved, task), skipped };
    }
    case 'goto':
      return { ...before, skipped: { [task]: earned, ...before.skipped } };
    case 'reset': {
      const { begun, begunIn } = before;
      return { ...without(before, task), ...(stillBegun ? { begun, begunIn } : {}) };
    }
  }
};

const effectOnLab = (before: Remembered, { at, what, seconds = 0 }: StudentEvent): Remembered => {
  const { clock } = before;
  if (what === 'clock') return clock ? before : { ...before, clock: newClock(at, seconds) };
  if (!clock) return before;
  if (what === 'extend') return { ...before, clock: { ...clock, extendedSeconds: clock.extendedSeconds + seconds } };
  // What was graded before is of another cluster.
  if (what === 'reset') return { ...before, clock: { ...clock, resets: clock.resets + 1 }, counted: {} };
  return before;
};

const newClock = (startedAt: string, seconds: number): NonNullable<Remembered['clock']> => ({
  startedAt,
  seconds,
  extendedSeconds: 0,
  resets: 0,
});

/** Whether the record has events that the history of a progress file lacks. */
export const isBehind = (history: readonly StudentEvent[], recorded: readonly Recorded[]): boolean => {
  const known = new Set(history.map(idOf));
  return recorded.some((each) => each.did === 'event' && !known.has(idOf(each.event)));
};

const withItem = (list: readonly string[], item: string): string[] =>
  list.includes(item) ? [...list] : [...list, item].sort();

const without = (before: Remembered, task: string): Remembered => {
  const rest = notBegun(before, task);
  const other = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([id]) => id !== task));
  const solved = before.solved.filter((id) => id !== task);
  const graded = Object.entries(before.counted).filter(([check]) => !check.startsWith(`${task}/`));
  const counted = Object.fromEntries(graded);
  return { ...rest, solved, hints: other(before.hints), skipped: other(before.skipped), counted };
};

const notBegun = (before: Remembered, task: string): Remembered => {
  const { [task]: _, ...begunIn } = before.begunIn;
  return { ...before, begun: before.begun.filter((id) => id !== task), begunIn };
};
