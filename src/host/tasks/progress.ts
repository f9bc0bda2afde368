// A student's progress in one running lab: answers, hints taken, tasks begun. One small file per instance.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { passesNow, type Report, type StudentEvent } from '../../api/report.ts';
import { withFileLock } from '../../kit/file-lock.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { writingIn } from '../../kit/unwritable.ts';
import type { Student } from '../grade/student.ts';
import { type LatestOfTasks, latestOf, type Seen } from './latest.ts';
import { readProgress, renderProgress } from './progress-file.ts';
import {
  isBehind,
  nothingRemembered,
  type ProgressRecord,
  type Recorded,
  type Remembered,
  remember,
} from './record.ts';

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
}

/** What a student did, with the answer that was tried. */
export interface PastEvent extends StudentEvent {
  readonly answer?: string;
}

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
  /** Goes on with the history of an instance that was reset. */
  goOn(history: readonly PastEvent[]): Promise<void>;
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
};

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
  const update = (change: (before: Progress) => Progress, event?: Recorded): Promise<Progress> =>
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
      await update((before) => ({ ...before, answers: { ...before.answers, [check]: value } }));
    },
    async tryAnswer(check, value, right) {
      const [task = '', id = ''] = check.split('/');
      await update(
        (before) => ({ ...before, answers: { ...before.answers, [check]: value } }),
        happened({ what: 'answer', task, check: id, right, answer: value.slice(0, longestAnswer) }),
      );
    },
    async begin(task, run) {
      await update(same, { did: 'begin', task, run });
    },
    async takeHint(task) {
      const before = await update(same, happened({ what: 'hint', task }));
      return before.hints[task] ?? 0;
    },
    async record(report, seen) {
      const full = report.tasks.filter(passesNow).map(({ id }) => id);
      const before = await read();
      const passedNow = full.filter((id) => !before.passed.includes(id));
      const right = rightAnswers(report, before);
      const known = Object.entries(right).every(([check, value]) => before.verified[check] === value);
      const changed = seen ? latestOf(report, seen, before.latest) : {};
      if (known && passedNow.length === 0 && Object.keys(changed).length === 0) return [];
      await update((latest) => ({
        ...latest,
        passed: passedNow.reduce(withItem, latest.passed),
        passedAt: { ...Object.fromEntries(passedNow.map((id) => [id, report.gradedAt])), ...latest.passedAt },
        verified: { ...latest.verified, ...right },
        latest: { ...latest.latest, ...(seen && latestOf(report, seen, latest.latest)) },
      }));
      return passedNow;
    },
    async recordSolved(task) {
      await update(same, happened({ what: 'solve', task }));
    },
    async recordSkipped(task, earned) {
      const unknown = ({ latest }: Progress): LatestOfTasks => {
        const { held: _, ...known } = latest[task] ?? { at: '', run: '', points: {} };
        return { ...latest, [task]: known };
      };
      await update((before) => ({ ...before, latest: unknown(before) }), {
        ...happened({ what: 'goto', task }),
        earned: [...earned],
      });
    },
    async recordRedone(task) {
      await update(same, happened({ what: 'redo', task }));
    },
    async recordHeld(tasks, run) {
      const moved = ({ latest }: Progress) =>
        Object.entries(latest).filter(([id, known]) => tasks.includes(id) && known.run !== run);
      if (moved(await read()).length === 0) return;
      await update((before) => ({
        ...before,
        latest: {
          ...before.latest,
          ...Object.fromEntries(moved(before).map(([id, known]) => [id, { ...known, run }])),
        },
      }));
    },
    async rewind(tasks) {
      const at = new Date().toISOString();
      const gone = (before: Progress): LatestOfTasks =>
        Object.fromEntries(tasks.map((id) => [id, { at, run: '', points: {}, ...before.latest[id], held: [] }]));
      const change = (before: Progress): Progress => {
        const rest = restrict(before, (id) => !(tasks.includes(id) && before.skipped[id]));
        return { ...rest, latest: { ...rest.latest, ...gone(before) } };
      };
      await update(change, { did: 'rewind', tasks: [...tasks] });
    },
    async forget(task, { stillBegun = false } = {}) {
      await update((before) => restrict(before, (id) => id !== task), {
        ...happened({ what: 'reset', task }),
        stillBegun,
      });
    },
    async goOn(earlier) {
      const reset = { at: new Date().toISOString(), what: 'reset' as const };
      const known = { ...nothingRemembered, history: [...earlier, reset] as Remembered['history'] };
      await update(same, { did: 'earlier', known });
    },
  };
};

const longestAnswer = 200;

const same = (before: Progress): Progress => before;

const happened = (event: Omit<PastEvent, 'at'>): Extract<Recorded, { did: 'event' }> => ({
  did: 'event',
  event: { at: new Date().toISOString(), ...event } as Remembered['history'][number],
});

/** The part that the lab remembers itself. */
const partOf = ({ begun, begunIn, hints, solved, skipped, history }: Progress): Remembered =>
  structuredClone({ begun, begunIn, hints, solved, skipped, history }) as Remembered;

const withItem = (list: readonly string[], item: string): readonly string[] =>
  list.includes(item) ? list : [...list, item].sort();

/** The progress of those tasks only. */
const restrict = (progress: Progress, wanted: (task: string) => boolean): Progress => {
  const keys = <T>(record: Readonly<Record<string, T>>) => keysOf(record, wanted);
  const { answers, verified, begun, hints, passed, passedAt, solved, skipped, begunIn, history, latest } = progress;
  return {
    history,
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
