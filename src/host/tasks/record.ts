// What the lab itself remembers of a student, event by event: hints, solutions, tries, begun tasks. Nothing is ever
// taken out of it, so another, an older or a missing progress file hides none of it. Pure.
import * as z from 'zod';
import type { StudentEvent } from '../../api/report.ts';
import { eventSchema } from './progress-file.ts';

const names = z.array(z.string());

/** What was known before the lab had a record, or what a lab that was reset goes on with. */
const earlierSchema = z.object({
  begun: names,
  begunIn: z.record(z.string(), z.string()),
  hints: z.record(z.string(), z.int()),
  solved: names,
  skipped: z.record(z.string(), names),
  history: z.array(eventSchema),
});

export const recordedSchema = z.discriminatedUnion('did', [
  /** An answer, a hint, a solution, a goto or a reset. */
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
    case 'event': {
      const { event } = recorded;
      return { ...effectOf(before, recorded), history: [...before.history, event].slice(-mostEvents) };
    }
  }
};

/** Two processes may both be the first to record something. */
const joined = (before: Remembered, { begun, begunIn, hints, solved, skipped, history }: Remembered): Remembered => {
  const known = new Set(before.history.map(idOf));
  const most = Object.entries(hints).map(([task, count]) => [task, Math.max(count, before.hints[task] ?? 0)]);
  return {
    begun: begun.reduce(withItem, before.begun),
    begunIn: { ...begunIn, ...before.begunIn },
    hints: { ...before.hints, ...Object.fromEntries(most) },
    solved: solved.reduce(withItem, before.solved),
    skipped: { ...skipped, ...before.skipped },
    history: [...history.filter((event) => !known.has(idOf(event))), ...before.history].slice(-mostEvents),
  };
};

const idOf = ({ at, what, task = '', check = '' }: StudentEvent): string => `${at} ${what} ${task} ${check}`;

const effectOf = (before: Remembered, recorded: Extract<Recorded, { did: 'event' }>): Remembered => {
  const { event, earned = [], stillBegun } = recorded;
  const { what, task } = event;
  if (task === undefined) return before;
  switch (what) {
    case 'answer':
    case 'redo':
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
  return { ...rest, solved, hints: other(before.hints), skipped: other(before.skipped) };
};

const notBegun = (before: Remembered, task: string): Remembered => {
  const { [task]: _, ...begunIn } = before.begunIn;
  return { ...before, begun: before.begun.filter((id) => id !== task), begunIn };
};
