// A running lab, opened for work: its definition, the way into its cluster, and the learner's progress.

import { fabricMachine } from '../../api/cluster.ts';
import { type LabDefinition, localize, type TaskDefinition } from '../../api/lab.ts';
import type { Report } from '../../api/report.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { openCluster } from '../cluster/open.ts';
import type { Containers } from '../docker/port.ts';
import type { ClusterAccess } from '../grade/access.ts';
import { findTask } from '../lab/catalogue.ts';
import { containerName } from '../plan/names.ts';
import type { ProgressStore } from '../tasks/progress.ts';
import { openProgress } from '../tasks/progress.ts';
import type { TaskRun } from '../tasks/run.ts';
import { accessTo } from './access.ts';
import { choose } from './ask.ts';
import type { Context } from './context.ts';
import { chooseRunning } from './instances.ts';
import { definitionOf } from './machines.ts';

export interface Session {
  readonly name: string;
  readonly lab: LabDefinition;
  readonly access: ClusterAccess;
  readonly progress: ProgressStore;
}

/** Opens the lab that the command means, and closes it again whatever happens. */
export const withSession = async <T>(context: Context, work: (session: Session) => Promise<T>): Promise<T> => {
  const instance = await chooseRunning(context);
  const lab = await definitionOf(context, instance);
  const docker = await context.docker();
  await using cluster = await openCluster(docker, instance.name, context.signal);
  const access = accessTo(cluster, lab, await fabricId(docker, instance.name, context.signal));
  const progress = openProgress({
    stateFolder: context.environment.stateFolder,
    name: instance.name,
    instance: access.instance,
  });
  return await work({ name: instance.name, lab, access, progress });
};

const fabricId = async (docker: Containers, name: string, signal: AbortSignal): Promise<string> =>
  (await docker.inspect(containerName(name, fabricMachine), signal))?.id ?? '';

/** Grades some or all tasks, and remembers what passed. */
export const gradeSession = async (context: Context, session: Session, tasks?: readonly string[]): Promise<Report> => {
  const { gradeLab } = await import('../grade/engine.ts');
  const report = await gradeLab({
    lab: session.lab,
    access: session.access,
    progress: await session.progress.read(),
    language: context.environment.language,
    signal: context.signal,
    ...(tasks ? { tasks } : {}),
  });
  await session.progress.record(report);
  return report;
};

/** The task that was named; else the one chosen at the terminal. */
export const chooseTask = async (context: Context, lab: LabDefinition, given?: string): Promise<TaskDefinition> => {
  if (given !== undefined) return findTask(lab, given);
  const { language } = context.environment;
  const id = await choose(
    context,
    context.say.whichTask,
    lab.tasks.map((task, index) => ({ value: task.id, label: `${index + 1}. ${localize(task.title, language)}` })),
    () =>
      new LabError('LAB_TASK_NEEDED', context.say.taskNeeded, {
        exitCode: ExitCode.usage,
        hint: context.say.taskNeededHint,
      }),
  );
  return findTask(lab, id);
};

/** The first task without full score: what the learner is at. */
export const currentTask = async ({ lab, progress }: Session): Promise<TaskDefinition | undefined> => {
  const { passed } = await progress.read();
  return lab.tasks.find(({ id }) => !passed.includes(id));
};

export const numbersOf = (lab: LabDefinition): ReadonlyMap<string, number> =>
  new Map(lab.tasks.map(({ id }, index) => [id, index + 1]));

export const taskRun = (context: Context, session: Session, task: TaskDefinition): TaskRun => ({
  lab: session.lab,
  access: session.access,
  progress: session.progress,
  task,
  signal: context.signal,
});
