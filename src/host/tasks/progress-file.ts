// The progress file: JSON, signed with a key of the lab, so that a file that was changed by hand gives no points.
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { studentEvents } from '../../api/report.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { readRegularFile } from '../../kit/read-file.ts';
import { latestSchema } from './latest.ts';

export interface Signing {
  readonly instance: string;
  /** Undefined: the lab has no key yet. */
  readonly key: string | undefined;
}

/** Of the history; an answer is kept as the student wrote it. */
export const eventSchema = z.object({
  at: z.string(),
  what: z.enum(studentEvents),
  task: z.string().exactOptional(),
  check: z.string().exactOptional(),
  right: z.boolean().exactOptional(),
  answer: z.string().exactOptional(),
  seconds: z.number().exactOptional(),
});

export const clockSchema = z.object({
  startedAt: z.string(),
  seconds: z.number(),
  extendedSeconds: z.number(),
  resets: z.int(),
});

/** What a grading said about a check. */
export const judgedSchema = z.object({
  points: z.number(),
  outcome: z.enum(['pass', 'fail', 'blocked', 'broken']),
});

/** By `task/check`. */
export const countedSchema = z.record(z.string(), judgedSchema.extend({ at: z.string() }));

const stored = z.object({
  version: z.literal(1),
  instance: z.string(),
  answers: z.record(z.string(), z.string()),
  verified: z.record(z.string(), z.string()).default({}),
  begun: z.array(z.string()),
  hints: z.record(z.string(), z.int()),
  passed: z.array(z.string()),
  passedAt: z.record(z.string(), z.string()).default({}),
  solved: z.array(z.string()).default([]),
  skipped: z.record(z.string(), z.array(z.string())).default({}),
  begunIn: z.record(z.string(), z.string()).default({}),
  history: z.array(eventSchema).default([]),
  latest: z.record(z.string(), latestSchema).default({}),
  clock: clockSchema.exactOptional(),
  counted: countedSchema.default({}),
});

type StoredProgress = Omit<z.output<typeof stored>, 'version' | 'instance'>;

/**
 * Undefined: there is no file, or it is of another instance.
 * @throws LabError `LAB_PROGRESS_UNREADABLE`, `LAB_PROGRESS_CHANGED`
 */
export const readProgress = async (file: string, { instance, key }: Signing): Promise<StoredProgress | undefined> => {
  const text = await readRegularFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(file, error);
  });
  if (text === undefined) return undefined;
  const written = parsed(file, text);
  const { data, error } = stored.safeParse(written);
  if (!data) throw unreadable(file, error, wrongPart(error));
  const { version: _, instance: owner, ...progress } = data;
  if (owner !== instance) return undefined;
  if (key !== undefined && !isSigned(written as Signed, key)) throw changed(file);
  return progress;
};

export const renderProgress = (progress: object, { instance, key }: Signing): string => {
  const content = { version: 1, instance, ...progress };
  const signed = key === undefined ? content : { ...content, signature: signatureOf(content, key) };
  return `${JSON.stringify(signed, null, 2)}\n`;
};

interface Signed {
  readonly signature?: unknown;
}

const isSigned = ({ signature, ...content }: Signed, key: string): boolean => signature === signatureOf(content, key);

/** Spaces and line ends do not matter, but everything else does. */
const signatureOf = (content: object, key: string): string =>
  createHmac('sha256', key).update(JSON.stringify(content)).digest('hex');

const parsed = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(file, cause);
  }
};

/** The first problem. zod's own message has all of them, on many lines. */
const wrongPart = ({ issues: [issue] }: z.ZodError): string => {
  const path = issue?.path.join('.') ?? '';
  return path === '' ? 'labs has not written it' : `the value of ${path} is wrong`;
};

const unreadable = (file: string, cause: unknown, problem = messageOf(cause)): LabError =>
  new LabError('LAB_PROGRESS_UNREADABLE', `The progress file ${file} can’t be read: ${problem}`, {
    cause,
    hint: `Nothing was changed. Correct the file, or move it away: mv '${file}' '${file}.bad'`,
  });

const changed = (file: string): LabError =>
  new LabError('LAB_PROGRESS_CHANGED', `The progress file ${file} was not written by labs, so it does not count`, {
    exitCode: ExitCode.usage,
    hint: `Undo your change, or answer the questions anew without the file: mv '${file}' '${file}.bad'`,
  });
