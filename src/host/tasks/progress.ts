// A student's progress in one running lab: answers, hints taken, tasks begun. One small file per instance.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { withFileLock } from '../../kit/file-lock.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { writingIn } from '../../kit/unwritable.ts';
import type { Clock } from '../grade/time-limit.ts';
import { judgedIn, type Seen } from './latest.ts';
import {
  answered,
  type Change,
  forgotten,
  graded,
  heldIn,
  noProgress,
  type PastEvent,
  type Progress,
  partOf,
  rewound,
  skipped,
} from './progress-changes.ts';
import { readProgress, renderProgress } from './progress-file.ts';
import {
  isBehind,
  nothingRemembered,
  type ProgressRecord,
  type Recorded,
  type Remembered,
  remember,
} from './record.ts';

export interface ProgressOptions {
  /** The XDG state folder of `labs`, e.g. `~/.local/state/labs`. */
  readonly stateFolder: string;
  /** The instance's name. */
  readonly name: string;
  /** The id of the instance (`ClusterAccess.instance`). The progress of a deleted instance does not count. */
  readonly instance: string;
  /** Proves that labs wrote the file. Without it, every file counts. */
  readonly key?: ProgressKey;
  /** What the lab remembers itself. It counts more than the file. Without it, the file counts alone. */
  readonly record?: ProgressRecord;
  /** Is told once if the file lacks what the lab remembers. */
  readonly onBehind?: () => void;
}

/** The secret of one instance that its progress file is signed with. */
export interface ProgressKey {
  /** Undefined: there is no key yet. An older version of labs has built the lab, so its file counts unsigned. */
  read(): Promise<string | undefined>;
  /** Makes the key, if there is none. */
  make(): Promise<string>;
}

export interface ProgressStore {
  read(): Promise<Progress>;
  answer(check: string, value: string): Promise<void>;
  /** Keeps an answer of the student, and that it was tried. */
  tryAnswer(check: string, value: string, right: boolean): Promise<void>;
  /** @param run the present run of the machines */
  begin(task: string, run: string): Promise<void>;
  /** Counts one more hint as taken. Resolves with the number of hints that were taken before. */
  takeHint(task: string): Promise<number>;
  /**
   * Remembers which tasks of the report pass, which answers are right, and with `seen`, what each task has now.
   * Resolves with the tasks that passed for the first time.
   */
  record(report: Report, seen?: Seen): Promise<readonly string[]>;
  /** Remembers that labs solved the task. */
  recordSolved(task: string): Promise<void>;
  /** Remembers that `labs goto` did the task, and which of its checks the student had passed before. */
  recordSkipped(task: string, earned: readonly string[]): Promise<void>;
  /** Remembers that labs did finished tasks again, because a restart had lost a part of them. */
  recordRedone(task: string): Promise<void>;
  /** Remembers that the cluster holds these tasks in this run of the machines, too. */
  recordHeld(tasks: readonly string[], run: string): Promise<void>;
  /** The cluster no longer has what these tasks make: they have not begun. What was skipped is the student's again. */
  rewind(tasks: readonly string[]): Promise<void>;
  /** Forgets everything about a task. With `stillBegun`, the task stays begun. */
  forget(task: string, options?: { readonly stillBegun?: boolean }): Promise<void>;
  /** What survives a reset of the whole lab: also if the student's file does not count. */
  surviving(): Promise<Surviving>;
  /** Goes on with what an instance had that was reset. */
  goOn(earlier: Surviving): Promise<void>;
  /** Begins the time of an exam, unless it has begun. */
  startClock(seconds: number): Promise<Clock>;
  /** Gives more time. @returns the clock as it is then; undefined if the lab has none */
  extend(seconds: number): Promise<Clock | undefined>;
  /**
   * Keeps what a grading in time has said: it counts when the time is over. With `gains`, a check that passed stays
   * passed: a single look may come at a bad moment.
   */
  count(report: Report, lab: LabDefinition, options?: { readonly gains?: boolean }): Promise<void>;
}

export type Surviving = Pick<Remembered, 'history' | 'clock'>;

interface Both {
  readonly progress: Progress;
  readonly hasRecord: boolean;
  /** Whether the record has events that the file lacks. */
  readonly behind: boolean;
}

export const openProgress = (options: ProgressOptions): ProgressStore => {
  const file = progressFile(options.stateFolder, options.name);
  const { instance, key, record } = options;
  let isTold = false;
  const readBoth = async (): Promise<Both> => {
    const written = (await readProgress(file, { instance, key: await key?.read() })) ?? noProgress;
    const recorded = (await record?.read()) ?? [];
    if (recorded.length === 0) return { progress: written, hasRecord: false, behind: false };
    const progress = { ...written, ...recorded.reduce(remember, nothingRemembered) };
    return { progress, hasRecord: true, behind: isBehind(written.history, recorded) };
  };
  const told = (both: Both): Both => {
    if (both.behind && !isTold) {
      isTold = true;
      options.onBehind?.();
    }
    return both;
  };
  const read = async (): Promise<Progress> => {
    const both = await readBoth();
    if (!both.behind || isTold) return both.progress;
    // Another labs may have recorded an event a moment ago, and write the file next.
    const settled = withFileLock(`${file}.lock`, readBoth).catch(() => both);
    return told(await settled).progress;
  };
  /** The record comes first: what is not recorded must not happen. */
  const update = (change: Change, event?: Recorded): Promise<Progress> =>
    writing(options.stateFolder, () =>
      withFileLock(`${file}.lock`, async () => {
        const { progress: before, hasRecord } = told(await readBoth());
        if (record && event) {
          if (!hasRecord) await record.append({ did: 'earlier', known: partOf(before) });
          await record.append(event);
        }
        const after = event ? { ...change(before), ...remember(partOf(before), event) } : change(before);
        await replaceFile(file, renderProgress(after, { instance, key: await key?.make() }));
        return before;
      }),
    );
  return {
    read,
    async answer(check, value) {
      await update(answered(check, value));
    },
    async tryAnswer(check, value, right) {
      const [task = '', id = ''] = check.split('/');
      const answer = value.slice(0, longestAnswer);
      await update(answered(check, value), happened({ what: 'answer', task, check: id, right, answer }));
    },
    async begin(task, run) {
      await update(same, { did: 'begin', task, run });
    },
    async takeHint(task) {
      const before = await update(same, happened({ what: 'hint', task }));
      return before.hints[task] ?? 0;
    },
    async record(report, seen) {
      // What happens after the end of an exam changes nothing.
      if (report.timeLimit?.over) return [];
      const { passedNow, change } = graded(report, await read(), seen);
      if (change) await update(change);
      return passedNow;
    },
    async recordSolved(task) {
      await update(same, happened({ what: 'solve', task }));
    },
    async recordSkipped(task, earned) {
      await update(skipped(task), { ...happened({ what: 'goto', task }), earned: [...earned] });
    },
    async recordRedone(task) {
      await update(same, happened({ what: 'redo', task }));
    },
    async recordHeld(tasks, run) {
      const change = heldIn(tasks, run, await read());
      if (change) await update(change);
    },
    async rewind(tasks) {
      await update(rewound(tasks), { did: 'rewind', tasks: [...tasks] });
    },
    async forget(task, { stillBegun = false } = {}) {
      await update(forgotten(task), { ...happened({ what: 'reset', task }), stillBegun });
    },
    async surviving() {
      const recorded = (await record?.read()) ?? [];
      if (recorded.length > 0) return recorded.reduce(remember, nothingRemembered);
      return read().then(partOf, () => nothingRemembered);
    },
    async goOn({ history, clock }) {
      const earlier = { ...nothingRemembered, history, ...(clock ? { clock } : {}) };
      await update(same, { did: 'earlier', known: remember(earlier, happened({ what: 'reset' })) });
    },
    async startClock(seconds) {
      const { clock } = await read();
      if (clock) return clock;
      await update(same, happened({ what: 'clock', seconds }));
      return (await read()).clock as Clock;
    },
    async extend(seconds) {
      if (!(await read()).clock) return undefined;
      await update(same, happened({ what: 'extend', seconds }));
      return (await read()).clock;
    },
    async count(report, lab, { gains = false } = {}) {
      if (report.timeLimit?.over !== false) return;
      const checks = judgedIn(report, { lab, gains }, (await read()).counted);
      if (Object.keys(checks).length > 0) await update(same, { did: 'graded', at: report.gradedAt, checks });
    },
  };
};

const longestAnswer = 200;

const same: Change = (before) => before;

const happened = (event: Omit<PastEvent, 'at'>): Extract<Recorded, { did: 'event' }> => ({
  did: 'event',
  event: { at: new Date().toISOString(), ...event } as Remembered['history'][number],
});

/** Forgets the instance's progress, for `labs delete` and `labs reset`. */
export const forgetProgress = async (stateFolder: string, name: string): Promise<void> => {
  const file = progressFile(stateFolder, name);
  await writing(stateFolder, async () => {
    await rm(file, { force: true });
    await rm(`${file}.lock`, { force: true });
  });
};

const writing = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
  writingIn({ folder, variable: 'XDG_STATE_HOME' }, work);

const progressFile = (stateFolder: string, name: string): string =>
  join(stateFolder, 'progress', `${encodeURIComponent(name)}.json`);
