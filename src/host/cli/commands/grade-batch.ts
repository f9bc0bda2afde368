// `labs grade-batch DIR [lab]`: grades each folder in DIR as a submission, several at a time, and goes on where it
// stopped.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { LabDefinition } from '../../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { withFileLock } from '../../../kit/file-lock.ts';
import { createLimit } from '../../../kit/limit.ts';
import { printable } from '../../../kit/printable.ts';
import { readRegularFile } from '../../../kit/read-file.ts';
import { replaceFile } from '../../../kit/replace-file.ts';
import { renderJson } from '../../grade/report/json.ts';
import {
  failuresIn,
  isCurrent,
  parseRows,
  type Row,
  renderRows,
  reportNameOf,
  studentOf,
  withRow,
} from '../../submission/batch.ts';
import { readSubmission } from '../../submission/files.ts';
import { type BatchProgress, showBatch } from '../batch-progress.ts';
import type { Context, Options, Run } from '../context.ts';
import { gradeInProcess } from '../grading-process.ts';
import { engineOrSetup } from '../ready.ts';
import { labOf, lockOf, timeLimit } from '../submission.ts';
import { unsafeLines, wantsUnsafeNodes } from '../unsafe-nodes.ts';
import { variationOf } from '../variation.ts';

export const run: Run = async (context, [given = '', name], options) => {
  const lab = await labOf(context, name, variationOf(context, { seed: options.seed }));
  const batch = await prepare(context, { folder: resolve(given), lab, options });
  const work = async (): Promise<ExitCode> => {
    const before = await readResults(context, batch.out);
    const docker = await engineOrSetup(context);
    if (batch.unsafeNodes)
      for (const line of unsafeLines(context, await docker.engine(context.signal))) context.output.note(line);
    const { rows, graded } = await gradeAll(context, batch, before);
    const here = rows.filter(({ submission }) => batch.names.includes(submission));
    printResult(context, batch, here, graded);
    return here.some(({ outcome }) => outcome === 'broken') ? ExitCode.broken : ExitCode.ok;
  };
  const lock = `${batch.out}.lock`;
  return withFileLock(lock, work, { timeoutMs: 100, signal: context.signal }).catch((error: unknown) => {
    if (!(error instanceof LabError && error.code === 'LAB_TIMEOUT' && error.message.includes(lock))) throw error;
    throw usage('LAB_BATCH_BUSY', context.say.batchBusy(batch.out), context.say.submissionBusyHint);
  });
};

interface Batch {
  readonly folder: string;
  readonly lab: LabDefinition;
  /** The names of the folders, in order. */
  readonly names: readonly string[];
  readonly jobs: number;
  /** The table of results. */
  readonly out: string;
  /** The folder of the reports. */
  readonly reports: string;
  readonly limitMs: number;
  /** The name of a folder is the student that the lab's parameters are drawn for. */
  readonly perStudent: boolean;
  readonly unsafeNodes: boolean;
}

/** What decides how a submission is graded, beside its files. */
const definitionOf = ({ lab, perStudent }: Batch): string => {
  const { seed } = lab.variation;
  if (seed === undefined && !perStudent) return lab.digest;
  const all = JSON.stringify([lab.digest, seed ?? null, perStudent]);
  return `sha256:${createHash('sha256').update(all).digest('hex')}`;
};

const usage = (code: string, message: string, hint?: string): LabError =>
  new LabError(code, message, { exitCode: ExitCode.usage, ...(hint === undefined ? {} : { hint }) });

/** @throws LabError `LAB_BATCH_EMPTY`, `LAB_BATCH_JOBS`, `LAB_BATCH_UNWRITABLE`, `LAB_SUBMISSION_UNREADABLE` */
const prepare = async (
  context: Context,
  { folder, lab, options }: { readonly folder: string; readonly lab: LabDefinition; readonly options: Options },
): Promise<Batch> => {
  const { say } = context;
  const limitMs = timeLimit(context, options);
  const jobs = options.jobs === undefined ? Math.max(1, Math.floor(availableParallelism() / 2)) : Number(options.jobs);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64))
    throw usage('LAB_BATCH_JOBS', say.batchJobs(String(options.jobs)));
  const out = resolve(typeof options.out === 'string' ? options.out : 'results.csv');
  await access(dirname(out), constants.W_OK).catch((error: unknown) => {
    throw usage('LAB_BATCH_UNWRITABLE', say.batchUnwritable(out, messageOf(error)), say.reportUnwritableHint);
  });
  const reports = join(dirname(out), `${basename(out).replace(/\.csv$/, '')}-reports`);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw usage('LAB_SUBMISSION_UNREADABLE', say.batchUnreadable(folder, messageOf(error)));
  });
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && join(folder, entry.name) !== reports)
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) throw usage('LAB_BATCH_EMPTY', say.batchEmpty(folder), say.batchEmptyHint);
  const perStudent = options.perStudent === true;
  return { folder, lab, names, jobs, out, reports, limitMs, perStudent, unsafeNodes: wantsUnsafeNodes(options) };
};

/** @throws LabError `LAB_BATCH_FOREIGN`, `LAB_BATCH_UNWRITABLE` */
const readResults = async (context: Context, out: string): Promise<readonly Row[]> => {
  const { say } = context;
  const text = await readRegularFile(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw usage('LAB_BATCH_UNWRITABLE', say.batchUnwritable(out, messageOf(error)), say.reportUnwritableHint);
  });
  const rows = parseRows(text);
  if (!rows) throw usage('LAB_BATCH_FOREIGN', say.batchForeign(out), say.batchForeignHint);
  // Before the first cluster: what cannot be written must not cost an hour of grading.
  await writeResults(context, out, rows);
  return rows;
};

const writeResults = ({ say }: Context, out: string, rows: readonly Row[]): Promise<void> =>
  replaceFile(out, renderRows(rows)).catch((cause: unknown) => {
    throw new LabError('LAB_BATCH_UNWRITABLE', say.batchUnwritable(out, messageOf(cause)), {
      cause,
      exitCode: ExitCode.usage,
      hint: say.reportUnwritableHint,
    });
  });

const gradeAll = async (
  context: Context,
  batch: Batch,
  before: readonly Row[],
): Promise<{ readonly rows: readonly Row[]; readonly graded: number }> => {
  let rows = before;
  const digests = new Map<string, string>();
  for (const name of batch.names) {
    // What cannot be read is a broken row, like everything that is wrong with one submission.
    const { digest } = await readSubmission(join(batch.folder, name)).catch(() => ({ digest: '' }));
    digests.set(name, digest);
  }
  const labDigest = definitionOf(batch);
  const open = batch.names.filter((name) => {
    const row = rows.find(({ submission }) => submission === name);
    return !isCurrent(row, { digest: digests.get(name) ?? '', labDigest });
  });
  using progress = showBatch(context, {
    all: open.length,
    unchanged: batch.names.length - open.length,
    jobs: batch.jobs,
  });
  await mkdir(batch.reports, { recursive: true });
  const limit = createLimit(batch.jobs);
  // One after the other, because each write replaces the whole table.
  let writing = Promise.resolve();
  const results = open.map((name) =>
    limit(async () => {
      context.signal.throwIfAborted();
      const row = await gradeOne(context, batch, { name, digest: digests.get(name) ?? '', progress });
      rows = withRow(rows, row);
      const latest = rows;
      writing = writing.then(() => writeResults(context, batch.out, latest));
      await writing;
    }),
  );
  // All of them have cleaned up before labs ends.
  const failed = (await Promise.allSettled(results)).find((result) => result.status === 'rejected');
  context.signal.throwIfAborted();
  if (failed) throw failed.reason;
  return { rows, graded: open.length };
};

interface One {
  readonly name: string;
  readonly digest: string;
  readonly progress: BatchProgress;
}

const gradeOne = async (context: Context, batch: Batch, one: One): Promise<Row> => {
  const { name, digest, progress } = one;
  const started = performance.now();
  progress.started(name);
  if (batch.perStudent && studentOf(name) !== name)
    context.output.note(context.output.paint('dim', context.say.batchStudent(printable(name), studentOf(name))));
  try {
    return await gradeFolder(context, batch, one);
  } catch (error) {
    context.signal.throwIfAborted();
    const seconds = (performance.now() - started) / 1000;
    const problem = printable(context.say.fromEnglish(messageOf(error))).slice(0, 500);
    progress.ended(name, { seconds, problem });
    return { ...commonOf(batch, name, digest), seconds: seconds.toFixed(1), ...noScore(problem) };
  }
};

const commonOf = (batch: Batch, name: string, digest: string) => ({
  submission: name,
  digest,
  labDigest: definitionOf(batch),
  ...(batch.perStudent ? { student: studentOf(name) } : {}),
});

const noScore = (message: string) => ({
  outcome: 'broken' as const,
  score: '',
  maxScore: '',
  failedSteps: '',
  gradedAt: new Date().toISOString(),
  report: '',
  message,
});

const gradeFolder = async (context: Context, batch: Batch, { name, digest, progress }: One): Promise<Row> => {
  const folder = join(batch.folder, name);
  // A labs that outlived its batch may still be at work on this submission.
  const lock = await lockOf(context, folder, batch.lab);
  await withFileLock(lock, async () => {}, { timeoutMs: batch.limitMs + restMs, signal: context.signal });
  const { seed } = batch.lab.variation;
  const args = [
    ...['--submission', folder, batch.lab.folder, '--time-limit', `${batch.limitMs}ms`],
    ...(seed === undefined ? [] : ['--seed', seed]),
    ...(batch.perStudent ? [`--student=${studentOf(name)}`] : []),
    ...(batch.unsafeNodes ? ['--unsafe-nodes'] : []),
  ];
  const graded = await gradeInProcess(context, args, batch.limitMs + restMs);
  const file = join(batch.reports, reportNameOf(name));
  const common = { ...commonOf(batch, name, digest), seconds: graded.seconds.toFixed(1) };
  if ('problem' in graded) throw new Error(graded.problem);
  const { report } = graded;
  await replaceFile(file, renderJson(report));
  const failed = (report.submission?.steps ?? []).filter(({ outcome }) => outcome === 'failed');
  progress.ended(name, { seconds: graded.seconds, score: `${report.score}/${report.maxScore}` });
  return {
    ...common,
    outcome: report.broken ? 'broken' : 'graded',
    score: String(report.score),
    maxScore: String(report.maxScore),
    failedSteps: String(failed.length),
    gradedAt: report.gradedAt,
    report: relative(dirname(batch.out), file),
    message: report.broken ? context.say.graderBroke : failuresIn(failed),
  };
};

/** For the cluster to start and to be deleted, and for the grading itself. */
const restMs = 600_000;

const printResult = (context: Context, batch: Batch, rows: readonly Row[], graded: number): void => {
  const { output, say, json } = context;
  const broken = rows.filter(({ outcome }) => outcome === 'broken');
  if (json) {
    const { out, reports } = batch;
    const counts = { graded, unchanged: rows.length - graded, broken: broken.length };
    output.line(JSON.stringify({ ...counts, out, reports, results: rows }, null, 2));
    return;
  }
  output.line(say.batchDone(graded, rows.length - graded, broken.length));
  for (const { submission, message } of broken)
    output.line(output.paint('yellow', ` ! ${printable(submission)}: ${message}`));
  output.line(say.batchFiles(relative(process.cwd(), batch.out) || batch.out, relative(process.cwd(), batch.reports)));
};
