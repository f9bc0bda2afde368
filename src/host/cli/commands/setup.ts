// `labs setup`: installs Docker and makes the images, if they are missing. Says first what it will do, and asks.
import { ExitCode } from '../../../kit/error.ts';
import { thisMachine } from '../../setup/machine.ts';
import { planSetup, runSetup, type SetupOptions, type SetupPlan } from '../../setup/setup.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { showProgress } from '../progress.ts';

export const run: Run = async (context) => {
  const { output, say, json } = context;
  const plan = await planSetup(await setupOptions(context));
  if (plan.intentions.length > 0 && !(await agree(context, plan))) return declined(context);
  await carryOut(context, plan);
  if (json) output.line(JSON.stringify({ ready: true, steps: plan.steps.map(({ name }) => name) }, null, 2));
  else output.line(say.setupDone);
  return ExitCode.ok;
};

/** Says what the set-up will do, and asks. @returns whether to go ahead */
export const agree = async (context: Context, plan: SetupPlan): Promise<boolean> => {
  const { output, say } = context;
  output.note(say.setupWill);
  for (const intention of plan.intentions) output.note(`  - ${say.fromEnglish(intention)}`);
  return confirm(context, say.setupQuestion, true);
};

export const carryOut = async (context: Context, plan: SetupPlan): Promise<void> => {
  using progress = showProgress(context);
  const options = { ...(await setupOptions(context)), onProgress: progress.onProgress };
  await runSetup(plan, options, { signal: context.signal, onEvent: progress.onEvent });
};

export const setupOptions = async ({ docker, environment, paths }: Context): Promise<SetupOptions> => ({
  docker: await docker(),
  machine: thisMachine(environment.variables),
  root: paths.root,
  cacheFolder: environment.cacheFolder,
  variables: environment.variables,
});
