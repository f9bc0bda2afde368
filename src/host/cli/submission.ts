// `labs grade --submission DIR`: a fresh cluster, the student's files, a grade, and no trace of it afterwards.
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LabDefinition, Variation } from '../../api/lab.ts';
import { passesNow, type Report } from '../../api/report.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { withFileLock } from '../../kit/file-lock.ts';
import { openIn } from '../cluster/open.ts';
import { type ClusterSummary, listClusters } from '../cluster/status.ts';
import type { GradeOptions } from '../grade/engine.ts';
import { findLab, findTask, listLabs } from '../lab/catalogue.ts';
import { parseTimeLimit } from '../lab/time-limit.ts';
import { type GivenAnswer, parseAnswers } from '../submission/answers.ts';
import { readSubmission } from '../submission/files.ts';
import { runSteps, type StepReport } from '../submission/run.ts';
import { answersFile, type Step, stepsOf } from '../submission/steps.ts';
import { submissionWords } from '../submission/words.ts';
import { beginTask } from '../tasks/run.ts';
import { bringUp } from './commands/start.ts';
import type { Context, Options } from './context.ts';
import { engineOrSetup } from './ready.ts';
import { removeLab } from './removal.ts';
import { type Graded, gradeAndRecord, type OpenSession, openSession, taskRun } from './session.ts';
import { disown, lockIn, own, removeKilled, wasKilled } from './submission-owners.ts';

export interface SubmissionOptions {
  readonly folder: string;
  /** A name or a folder. Default: the only lab of the package. */
  readonly lab: string | undefined;
  /** What the lab's parameters are drawn from. */
  readonly variation?: Variation;
  /** The name of the cluster. Default: one for this folder. */
  readonly name?: string;
  readonly unsafeNodes?: boolean;
  /** For all steps of the student together. */
  readonly limitMs: number;
  readonly record?: NonNullable<GradeOptions['record']>;
  /** Called with the grade while the cluster still runs. */
  readonly onGraded?: (session: OpenSession, graded: Graded) => Promise<void>;
}

/**
 * Deletes the cluster in every case: after a failure, after Ctrl-C, and what a killed run of before left behind.
 * @throws LabError `LAB_SUBMISSION_UNREADABLE`, `LAB_SUBMISSION_BUSY`, and those of a start
 */
export const gradeSubmission = async (given: Context, options: SubmissionOptions): Promise<Report> => {
  const lab = await labOf(given, options.lab, options.variation);
  const { steps, answers, digest } = await plan(given, options.folder, lab);
  const name = options.name ?? nameFor(await realpath(options.folder), lab);
  const context = { ...given, name };
  const owners = ownersIn(given);
  const lock = lockIn(owners, name);
  const work = async (): Promise<Report> => {
    const docker = await engineOrSetup(context);
    await makeRoom(context, name);
    await removeKilled(owners, name, (killed) => removeLab(context, killed));
    try {
      // Somebody may give a chosen name to a lab later.
      if (options.name === undefined) await own(owners, name);
      const started = await bringUp(context, docker, lab, { name, unsafeNodes: options.unsafeNodes === true });
      for (const warning of started.warnings) context.output.note(context.say.fromEnglish(warning));
      await using opened = await openSession(context, await runningAs(context, name));
      const session = { ...opened, lab: opened.whole };
      const reports = await applySteps(context, session, { steps, answers, limitMs: options.limitMs });
      const graded = await gradeSettled(context, session, options.record);
      const report = { ...graded.report, submission: { digest, steps: reports } };
      await options.onGraded?.(session, { ...graded, report });
      return report;
    } finally {
      await removeLab(context, name);
      await disown(owners, name);
    }
  };
  // Another run may be removing what a killed run of this submission has left behind.
  const timeoutMs = (await wasKilled(owners, name)) ? 60_000 : 100;
  return await withFileLock(lock, work, { timeoutMs, signal: context.signal }).catch((error: unknown) => {
    const busy = error instanceof LabError && error.code === 'LAB_TIMEOUT' && error.message.includes(lock);
    throw busy ? isBusy(context, options.folder, error) : error;
  });
};

const isBusy = ({ say }: Context, folder: string, cause: unknown): LabError =>
  new LabError('LAB_SUBMISSION_BUSY', say.submissionBusy(folder), {
    cause,
    exitCode: ExitCode.usage,
    hint: say.submissionBusyHint,
  });

/** @throws LabError `LAB_UNKNOWN`, `LAB_NAME_NEEDED` */
export const labOf = async (
  { paths, environment, say }: Context,
  given: string | undefined,
  variation: Variation = {},
): Promise<LabDefinition> => {
  if (given !== undefined) return findLab(paths.labs, given, environment.cacheFolder, variation);
  const labs = await listLabs(paths.labs, environment.cacheFolder);
  const [only] = labs;
  if (only && labs.length === 1) return findLab(paths.labs, only.name, environment.cacheFolder, variation);
  throw new LabError('LAB_NAME_NEEDED', say.submissionLabNeeded, {
    exitCode: ExitCode.usage,
    hint: say.submissionLabHint(labs.map(({ name }) => name).join(', ')),
  });
};

/** @throws LabError `LAB_TIME_LIMIT` */
export const timeLimit = ({ say }: Context, { timeLimit: text = '10m' }: Options): number => {
  const limit = parseTimeLimit(String(text));
  if (limit !== undefined) return limit;
  throw new LabError('LAB_TIME_LIMIT', say.timeLimitWrong(String(text)), {
    exitCode: ExitCode.usage,
    hint: say.timeLimitHint,
  });
};

interface Plan {
  readonly steps: readonly Step[];
  readonly answers: readonly GivenAnswer[];
  readonly digest: string;
}

const plan = async ({ environment }: Context, folder: string, lab: LabDefinition): Promise<Plan> => {
  const say = submissionWords[environment.language];
  const submission = await readSubmission(folder);
  const given = submission.files.find(({ path }) => path === answersFile);
  const { answers, problems } = given ? parseAnswers(given.text, lab, say) : { answers: [], problems: [] };
  const wrong = problems.map((problem): Step => ({ title: answersFile, kind: 'wrong', problem }));
  return { steps: [...stepsOf(submission, lab, say), ...wrong], answers, digest: submission.digest };
};

/**
 * The same for each run, so that a run finds what a killed run left behind. Two containers may use one engine, and have
 * different files under the same path.
 */
const nameFor = (folder: string, lab: LabDefinition): string =>
  `sub-${createHash('sha256').update(`${hostname()}\0${lab.folder}\0${folder}`).digest('hex').slice(0, 10)}`;

const ownersIn = ({ environment }: Context): string => join(environment.stateFolder, 'submissions');

/** The file that is locked while the submission is graded. */
export const lockOf = async (context: Context, folder: string, lab: LabDefinition): Promise<string> =>
  lockIn(ownersIn(context), nameFor(await realpath(folder), lab));

/** @throws LabError `LAB_NAME_TAKEN` when the name is that of somebody's lab */
const makeRoom = async (context: Context, name: string): Promise<void> => {
  const taken = (await listClusters(await context.docker(), context.signal)).some((each) => each.name === name);
  if (taken && !name.startsWith('sub-'))
    throw new LabError('LAB_NAME_TAKEN', context.say.submissionNameTaken(name), { exitCode: ExitCode.usage });
  // Also what a start left that was killed before it had a fabric.
  await removeLab(context, name);
};

/** Hints must not name this lab: it is gone when the student reads them. */
export const runningAs = async (context: Context, name: string): Promise<ClusterSummary> => {
  const found = (await listClusters(await context.docker(), context.signal)).find((each) => each.name === name);
  if (!found) throw new LabError('LAB_DELETED', context.say.submissionDeleted(name));
  return found;
};

const applySteps = (
  context: Context,
  session: OpenSession,
  { steps, answers, limitMs }: Omit<Plan, 'digest'> & { readonly limitMs: number },
): Promise<readonly StepReport[]> => {
  const { output, environment, say } = context;
  const { cluster, lab, progress } = session;
  return runSteps(steps, answers, {
    access: session.access,
    open: (machine, spec) => openIn(cluster, machine, spec),
    begin: (task) => beginTask(taskRun(context, session, findTask(lab, task))),
    answer: (id, value) => progress.answer(id, value),
    onStep: (title, begun) =>
      output.note(output.paint('dim', begun === undefined ? say.applying(title) : say.beginningTask(begun))),
    say: submissionWords[environment.language],
    limitMs,
    signal: context.signal,
  });
};

/** A change may be on its way through the cluster. So what did not pass is graded again until nothing changes. */
const gradeSettled = async (
  context: Context,
  session: OpenSession,
  record: GradeOptions['record'],
): Promise<Graded> => {
  const options = record ? { record } : {};
  let latest = await gradeAndRecord(context, session, options);
  for (let tries = 0; tries < mostTries && !isFull(latest); tries += 1) {
    const before = outcomesOf(latest);
    latest = await gradeAndRecord(context, session, options);
    if (outcomesOf(latest) === before) break;
  }
  // Only once, because each of these checks changes the cluster and undoes it.
  return changesIn(session.lab) ? gradeAndRecord(context, session, { ...options, changes: true }) : latest;
};

const changesIn = ({ tasks }: LabDefinition): boolean =>
  tasks.some(({ checks }) => checks.some(({ type }) => type === 'change'));

const mostTries = 5;

const isFull = ({ report }: Graded): boolean => report.tasks.every(passesNow);

const outcomesOf = ({ report }: Graded): string =>
  report.tasks.flatMap(({ checks }) => checks.map(({ outcome }) => outcome)).join();
