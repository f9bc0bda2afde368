// A running lab that a command works on: the definition, access to the cluster, and the student's progress.
import { membersOf } from '../../api/cluster.ts';
import { type LabDefinition, localize, type TaskDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import type { ConnectOptions } from '../cluster/fabric.ts';
import { type Cluster, openCluster, stoppedOf } from '../cluster/open.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { repairChange } from '../grade/change/undo.ts';
import { isQuestion, type Question } from '../grade/checks/answer.ts';
import type { GradeOptions } from '../grade/engine.ts';
import { withoutHidden } from '../grade/report/hidden.ts';
import { countInTime } from '../grade/time-limit.ts';
import type { TimedEvaluation } from '../grade/verdict.ts';
import { findTask } from '../lab/catalogue.ts';
import { forStudent } from '../lab/hidden.ts';
import { nextTask } from '../tasks/next.ts';
import type { ProgressStore } from '../tasks/progress.ts';
import type { Progress } from '../tasks/progress-changes.ts';
import { runOf, type TaskRun } from '../tasks/run.ts';
import { accessTo } from './access.ts';
import { choose } from './ask.ts';
import { rewriteTexts } from './command-form.ts';
import type { Context } from './context.ts';
import { chooseInstance, chooseRunning } from './instances.ts';
import { definitionOf, wholeDefinitionOf } from './machines.ts';
import { openScriptLog } from './script-log.ts';
import { fabricId, progressIn } from './student-progress.ts';
import { wrap } from './text.ts';
import { clockIn } from './time-left.ts';
import { showWaiting } from './waiting.ts';

/** What can be read of a lab, also while it is stopped or half-started. */
export interface Reading {
  readonly name: string;
  readonly lab: LabDefinition;
  readonly progress: ProgressStore;
}

export interface Session extends Reading {
  readonly access: ClusterAccess;
  /** With the checks that the student does not see. Default: there are none. */
  readonly whole?: LabDefinition;
}

export interface ReadingOf extends Reading {
  readonly instance: ClusterSummary;
}

/** Opens the lab that the command means, whatever its state. */
export const openReading = async (context: Context): Promise<ReadingOf> => {
  const instance = await chooseInstance(context);
  const { name } = instance;
  const lab = await definitionOf(context, instance);
  const progress = await progressIn(context, name);
  return { name, lab, progress, instance };
};

/** Says that the lab does not run, and names the command that brings it back. Nothing for a running lab. */
export const sayIfDown = ({ output, say }: Context, { name, lab, state }: ClusterSummary): void => {
  if (state === 'running') return;
  output.line();
  for (const text of [`${say.notReady(name, say.states[state])}.`, say.notReadyHint(name, lab)])
    for (const line of wrap(text, output.width)) output.line(output.paint('yellow', line));
};

export interface OpenSession extends Session, AsyncDisposable {
  /** The lab with the checks that the student does not see. */
  readonly whole: LabDefinition;
  readonly cluster: Cluster;
}

/** Opens the running lab that the command means, and closes it when `work` ends. */
export const withSession = async <T>(context: Context, work: (session: OpenSession) => Promise<T>): Promise<T> => {
  await using session = await openSession(context, await chooseRunning(context));
  noteReconnected(context, session.cluster);
  return await work(session);
};

export const openSession = async (
  context: Context,
  instance: ClusterSummary,
  options: ConnectOptions = {},
): Promise<OpenSession> => {
  const { name } = instance;
  const whole = await wholeDefinitionOf(context, instance);
  const lab = forStudent(whole);
  const docker = await context.docker();
  const cluster = await openCluster(docker, name, context.signal, options);
  const access = accessTo(cluster, lab, {
    fabricId: await fabricId(docker, name, context.signal),
    scriptLog: openScriptLog(context.environment.stateFolder, name),
  });
  await repair(context, access);
  await clockIn(context, instance);
  const progress = await progressIn(context, name, { instance: access.instance });
  return { name, lab, whole, access, progress, cluster, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
};

/** No failure of it may stop the command: a later one tries again. */
const repair = async ({ output, say, signal }: Context, access: ClusterAccess): Promise<void> => {
  const problems = await repairChange({ access, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    return { kept: [messageOf(error)] };
  });
  if (!problems) return;
  const text = problems.kept.length === 0 ? say.changeUndone : say.changeKept(problems.kept.join(', '));
  output.note(output.paint('yellow', `! ${text}`));
};

/** Tells the user that `docker restart` had taken the links of these machines. */
export const noteReconnected = ({ output, say }: Context, { reconnected }: Pick<Cluster, 'reconnected'>): void => {
  if (reconnected.length > 0) output.note(output.paint('yellow', `! ${say.reconnected(reconnected.join(', '))}`));
};

/** Says before the report which machines do not run: what needs them is broken, whatever its check says. */
export const noteStopped = async (context: Context, { lab, cluster }: OpenSession): Promise<void> => {
  const machines = membersOf(lab.cluster);
  const stopped = await stoppedOf(cluster, machines, context.signal);
  if (stopped.length === 0) return;
  const { output, say } = context;
  output.note(output.paint('yellow', `! ${say.machinesStopped(stopped.join(', '))}`));
};

/** Grades all tasks, or those with these ids, and records what passed. */
export const gradeSession = async (context: Context, session: Session, tasks?: readonly string[]): Promise<Report> =>
  (await gradeAndRecord(context, session, { ...(tasks ? { tasks } : {}) })).report;

export interface Graded {
  readonly report: Report;
  /** Ids of the tasks that passed for the first time. */
  readonly passedNow: readonly string[];
  /** The progress that was graded: as it was before. */
  readonly graded: Progress;
}

/** Like `gradeSession`. */
export const gradeAndRecord = async (
  context: Context,
  session: Session,
  options: Pick<GradeOptions, 'tasks' | 'once' | 'record' | 'changes' | 'onTry'> = {},
): Promise<Graded> => {
  const [{ gradeLab }, { block }] = await Promise.all([import('../grade/engine.ts'), import('../grade/entry.ts')]);
  const { lab, access } = session;
  const { language } = context.environment;
  const graded = await session.progress.read();
  const all = countedLab(session, graded);
  const evaluations = new Map<string, TimedEvaluation>();
  const present = await gradeLab({
    lab: all,
    access,
    progress: graded,
    language,
    signal: context.signal,
    ...options,
    record(id, rests) {
      evaluations.set(id, rests.evaluation);
      options.record?.(id, rests);
    },
  });
  const whole = countInTime(present, graded, language);
  const report = all === lab ? whole : withoutHidden(whole).report;
  const passing = [...block(all, evaluations)].flatMap(([id, { outcome }]) => (outcome.outcome === 'pass' ? [id] : []));
  const seen = { lab, run: runOf(access), passing: new Set(passing) };
  const passedNow = await session.progress.record(report, seen);
  await session.progress.count(whole, all, { gains: options.once === true });
  return { report: rewriteTexts(report, context.output.printed), passedNow, graded };
};

/** Like `gradeAndRecord`, also with the checks that change the cluster. A terminal shows that it goes on. */
export const gradeShown = async (
  context: Context,
  session: Session,
  options: Pick<GradeOptions, 'tasks' | 'record'> = {},
): Promise<Graded> => {
  using waiting = showWaiting(context);
  return await gradeAndRecord(context, session, { ...options, changes: true, onTry: waiting.onTry });
};

/** In an exam, a grading of the student counts in the end, so it looks at hidden checks, too. */
const countedLab = ({ lab, whole = lab }: Session, { clock }: Progress): LabDefinition => (clock ? whole : lab);

export interface FollowOptions {
  readonly tasks?: readonly string[];
  readonly signal: AbortSignal;
  readonly onReport: (graded: Omit<Graded, 'graded'>) => Promise<void>;
}

/** Grades the lab anew whenever something changes, and records what passed. See `gradeLive`. */
export const followAndRecord = async (
  context: Context,
  session: Session,
  { onReport, ...options }: FollowOptions,
): Promise<void> => {
  const { gradeLive } = await import('../grade/live.ts');
  const { lab, access, progress } = session;
  const { language } = context.environment;
  const all = countedLab(session, await progress.read());
  await gradeLive({
    lab: all,
    access,
    language,
    readProgress: () => progress.read(),
    async onReport(present) {
      const whole = countInTime(present, await progress.read(), language);
      const report = all === lab ? whole : withoutHidden(whole).report;
      const passedNow = await progress.record(report, { lab, run: runOf(access) });
      await progress.count(whole, all, { gains: true });
      await onReport({ report: rewriteTexts(report, context.output.printed), passedNow });
    },
    ...options,
  });
};

/** The named task, else the one that the user chooses. @throws LabError `LAB_TASK_NEEDED` */
export const chooseTask = async (
  context: Context,
  lab: LabDefinition,
  given?: string,
  among = lab.tasks,
): Promise<TaskDefinition> => {
  if (given !== undefined) return findTask(lab, given);
  const { language } = context.environment;
  const id = await choose(
    context,
    context.say.whichTask,
    among.map((task) => ({ value: task.id, label: `${numberOf(lab, task)}. ${localize(task.title, language)}` })),
    () =>
      new LabError('LAB_TASK_NEEDED', context.say.taskNeeded, {
        exitCode: ExitCode.usage,
        hint: context.say.taskNeededHint,
      }),
  );
  return findTask(lab, id);
};

/** The task to do next. */
export const currentTask = async ({ lab, progress }: Reading): Promise<TaskDefinition | undefined> =>
  nextTask(lab, await progress.read());

/** The checks of a task that the student answers. */
export const questionsOf = (task: TaskDefinition): readonly Question[] => task.checks.filter(isQuestion);

/** A task's number in the lab, from 1. */
export const numberOf = (lab: LabDefinition, task: TaskDefinition): number => lab.tasks.indexOf(task) + 1;

export const taskRun = (context: Context, session: Session, task: TaskDefinition): TaskRun => ({
  lab: session.lab,
  access: session.access,
  progress: session.progress,
  task,
  language: context.environment.language,
  signal: context.signal,
});
