// Which running lab a command means: the one named, else the only one, else the one chosen.
import { ExitCode, LabError } from '../../kit/error.ts';
import { nearest } from '../../kit/suggest.ts';
import { type ClusterSummary, listClusters } from '../cluster/status.ts';
import { choose } from './ask.ts';
import type { Context } from './context.ts';

/** @throws LabError `LAB_NOT_RUNNING`, `LAB_INSTANCE_UNKNOWN`, `LAB_SEVERAL_RUNNING` with what to do instead */
export const chooseInstance = async (context: Context, given?: string): Promise<ClusterSummary> => {
  const { say } = context;
  const all = await listClusters(await context.docker(), context.signal);
  const names = all.map(({ name }) => name);
  const wanted = given ?? context.name;
  if (wanted !== undefined) {
    const found = all.find(({ name }) => name === wanted);
    if (found) return found;
    throw new LabError('LAB_INSTANCE_UNKNOWN', say.unknownInstance(wanted), {
      exitCode: ExitCode.usage,
      hint: say.unknownInstanceHint(nearest(wanted, names), names.join(', ')),
    });
  }
  const awake = all.filter(({ state }) => state !== 'stopped');
  const candidates = awake.length > 0 ? awake : all;
  const [only] = candidates;
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
  return candidates.find(({ name }) => name === chosen) ?? only;
};

/** Like `chooseInstance`, but it must not be stopped. @throws LabError `LAB_NOT_READY` */
export const chooseRunning = async (context: Context, given?: string): Promise<ClusterSummary> => {
  const instance = await chooseInstance(context, given);
  if (instance.state !== 'stopped') return instance;
  const { say } = context;
  throw new LabError('LAB_NOT_READY', say.notReady(instance.name, say.states[instance.state]), {
    exitCode: ExitCode.usage,
    hint: say.notReadyHint(instance.name, instance.lab),
  });
};
