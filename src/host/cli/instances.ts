// Finds the running lab that a command means: the named one, else the only one, else the one that the user chooses.
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';
import { type ClusterSummary, listClusters } from '../cluster/status.ts';
import { choose } from './ask.ts';
import type { Context } from './context.ts';

/**
 * All clusters, or none if Docker does not answer. The command then shows what does not need Docker.
 * @param remark whether to tell the user that Docker does not answer
 */
export const clustersIfAny = async (
  context: Context,
  { remark = false }: { readonly remark?: boolean } = {},
): Promise<readonly ClusterSummary[]> => {
  try {
    return await listClusters(await context.docker(), context.signal);
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { output, say } = context;
    if (remark) output.note(output.paint('yellow', `! ${say.unknownRunning(say.fromEnglish(messageOf(error)))}`));
    return [];
  }
};

/** @throws LabError `LAB_NOT_RUNNING`, `LAB_INSTANCE_UNKNOWN`, `LAB_SEVERAL_RUNNING`, `LAB_TIME_OVER` */
export const chooseInstance = async (context: Context, given?: string): Promise<ClusterSummary> => {
  const instance = await findInstance(context, given);
  if (context.inTime && instance.timeLimitSeconds !== undefined)
    await (await import('./time-left.ts')).refuseOver(context, instance);
  return instance;
};

const findInstance = async (context: Context, given: string | undefined): Promise<ClusterSummary> => {
  const all = await listClusters(await context.docker(), context.signal);
  const wanted = given ?? context.name;
  if (wanted !== undefined) {
    const found = all.find(({ name }) => name === wanted);
    if (!found) throw unknownInstance(context, wanted, all);
    nameIfNeeded(context, all, found.name);
    return found;
  }
  const candidates = candidatesOf(all);
  const [only] = candidates;
  const { say } = context;
  if (!only)
    throw new LabError('LAB_NOT_RUNNING', say.noLabRunning, { exitCode: ExitCode.usage, hint: say.noLabRunningHint });
  if (candidates.length === 1) return only;
  const chosen = await choose(
    context,
    say.whichRunning,
    candidates.map(({ name, lab }) => ({ value: name, label: name === lab ? name : `${name} (${lab})` })),
    () =>
      new LabError('LAB_SEVERAL_RUNNING', say.severalRunning(candidates.map(({ name }) => name).join(', ')), {
        exitCode: ExitCode.usage,
        hint: say.severalRunningHint,
      }),
  );
  nameIfNeeded(context, all, chosen);
  return candidates.find(({ name }) => name === chosen) ?? only;
};

/** The labs that a command may mean without a name: those that were started, else all. */
export const candidatesOf = (all: readonly ClusterSummary[]): readonly ClusterSummary[] => {
  const started = all.filter(({ state }) => state !== 'stopped');
  return started.length > 0 ? started : all;
};

/** Commands that are printed from now on name the lab, if they would mean another lab without its name. */
export const nameIfNeeded = ({ environment, output }: Context, all: readonly ClusterSummary[], name: string): void => {
  const [only, ...others] = candidatesOf(all);
  const meant = environment.instance ?? (others.length === 0 ? only?.name : undefined);
  if (meant !== name) output.nameLab(name);
};

export const unknownInstance = ({ say }: Context, wanted: string, all: readonly ClusterSummary[]): LabError => {
  const names = all.map(({ name }) => name);
  const near = nearest(wanted, names);
  const others = names.length > 0 ? say.runningLabs(names.join(', ')) : say.noLabRunningHint;
  return new LabError('LAB_INSTANCE_UNKNOWN', say.unknownInstance(wanted), {
    exitCode: ExitCode.usage,
    hint: near === undefined ? others : say.didYouMean(`"${near}"`),
  });
};

/** For a word that may name a lab or a task, and names neither. */
export const unknownLabOrTask = (
  { say }: Context,
  wanted: string,
  known: { readonly labs: readonly string[]; readonly tasks: readonly string[] },
): LabError => {
  const near = nearest(wanted, [...known.tasks, ...known.labs]);
  return new LabError('LAB_TASK_UNKNOWN', say.unknownLabOrTask(wanted), {
    exitCode: ExitCode.usage,
    hint: near === undefined ? say.taskNeededHint : say.didYouMean(`"${near}"`),
  });
};

/** Like `chooseInstance`, but refuses a stopped lab. @throws LabError as `chooseInstance` does, and `LAB_NOT_READY` */
export const chooseRunning = async (context: Context, given?: string): Promise<ClusterSummary> => {
  const instance = await chooseInstance(context, given);
  if (instance.state !== 'stopped') return instance;
  const { say } = context;
  throw new LabError('LAB_NOT_READY', say.notReady(instance.name, say.states[instance.state]), {
    exitCode: ExitCode.usage,
    hint: say.notReadyHint(instance.name, instance.lab),
  });
};
