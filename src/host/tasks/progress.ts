// A student's progress in one running lab: answers, hints taken, tasks begun. One small file per instance.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Report } from '../../api/report.ts';
import { LabError, messageOf } from '../../kit/error.ts';
import { withFileLock } from '../../kit/file-lock.ts';
import type { Student } from '../grade/student.ts';

/** What the student did so far. */
export interface Progress extends Student {
  /** How many hints were taken, by task. */
  readonly hints: Readonly<Record<string, number>>;
  /** Tasks that had the full score at their last grading. */
  readonly passed: readonly string[];
}

export interface ProgressOptions {
  /** The XDG state folder of `labs`, e.g. `~/.local/state/labs`. */
  readonly stateFolder: string;
  /** The instance's name. */
  readonly name: string;
  /** The id of the instance (`ClusterAccess.instance`). The progress of a deleted instance does not count. */
  readonly instance: string;
}

export interface ProgressStore {
  read(): Promise<Progress>;
  answer(check: string, value: string): Promise<void>;
  begin(task: string): Promise<void>;
  /** Counts one more hint as taken. Resolves with the number of hints that were taken before. */
  takeHint(task: string): Promise<number>;
  /** Remembers which tasks of the report have the full score, and which answers are right. */
  record(report: Report): Promise<void>;
}

export const noProgress: Progress = { answers: {}, verified: {}, begun: [], hints: {}, passed: [] };

export const openProgress = (options: ProgressOptions): ProgressStore => {
  const file = progressFile(options.stateFolder, options.name);
  const read = () => readProgress(file, options.instance);
  const update = (change: (before: Progress) => Progress): Promise<Progress> =>
    withFileLock(`${file}.lock`, async () => {
      const before = await read();
      await writeAtomically(file, { version: 1, instance: options.instance, ...change(before) });
      return before;
    });
  return {
    read,
    async answer(check, value) {
      await update((before) => ({ ...before, answers: { ...before.answers, [check]: value } }));
    },
    async begin(task) {
      await update((before) => ({ ...before, begun: [...new Set([...before.begun, task])] }));
    },
    async takeHint(task) {
      const before = await update(({ hints, ...rest }) => ({
        ...rest,
        hints: { ...hints, [task]: (hints[task] ?? 0) + 1 },
      }));
      return before.hints[task] ?? 0;
    },
    async record(report) {
      const graded = new Set(report.tasks.map(({ id }) => id));
      const full = report.tasks.filter(({ score, maxScore }) => score === maxScore).map(({ id }) => id);
      const before = await read();
      const passed = [...before.passed.filter((id) => !graded.has(id)), ...full].sort();
      const right = rightAnswers(report, before);
      const known = Object.entries(right).every(([check, value]) => before.verified[check] === value);
      if (known && passed.join() === [...before.passed].sort().join()) return;
      await update((latest) => ({ ...latest, passed, verified: { ...latest.verified, ...right } }));
    },
  };
};

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
  await rm(file, { force: true });
  await rm(`${file}.lock`, { force: true });
};

const progressFile = (stateFolder: string, name: string): string =>
  join(stateFolder, 'progress', `${encodeURIComponent(name)}.json`);

const stored = z.object({
  version: z.literal(1),
  instance: z.string(),
  answers: z.record(z.string(), z.string()),
  verified: z.record(z.string(), z.string()).default({}),
  begun: z.array(z.string()),
  hints: z.record(z.string(), z.int()),
  passed: z.array(z.string()),
});

const readProgress = async (file: string, instance: string): Promise<Progress> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  });
  if (text === undefined) return noProgress;
  try {
    const { version: _, instance: owner, ...progress } = stored.parse(JSON.parse(text));
    return owner === instance ? progress : noProgress;
  } catch (cause) {
    throw unreadable(file, cause);
  }
};

const unreadable = (file: string, cause: unknown): LabError =>
  new LabError('LAB_PROGRESS_UNREADABLE', `The progress file ${file} can’t be read: ${firstLine(messageOf(cause))}`, {
    cause,
    hint: `Nothing was changed. Correct the file, or move it away: mv '${file}' '${file}.bad'`,
  });

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

const writeAtomically = async (file: string, value: unknown): Promise<void> => {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
};
