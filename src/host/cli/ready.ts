// A machine that a lab can start on: where something is missing, the set-up is offered first.
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { planSetup } from '../setup/setup.ts';
import { agree, carryOut, setupOptions } from './commands/setup.ts';
import type { Context } from './context.ts';

/** Docker that answers. @throws LabError what keeps it from answering, when nobody agrees to the set-up */
export const engineOrSetup = async (context: Context): Promise<Containers> => {
  const docker = await context.docker();
  const problem = await docker.engine(context.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (problem !== undefined && !isMendable(context, problem)) throw problem;
  const plan = await planSetup(await setupOptions(context));
  // Images alone are made without asking: nothing of the machine's own is changed by them.
  if (problem !== undefined && !(await agree(context, plan))) throw problem;
  if (plan.steps.length > 0) await carryOut(context, plan);
  return docker;
};

/** What `labs setup` can put right, and may: somebody can say yes, and the Docker meant is this machine's own. */
const isMendable = ({ yes, output, environment }: Context, error: unknown): boolean =>
  error instanceof LabError &&
  ['LAB_DOCKER_MISSING', 'LAB_DOCKER_UNREACHABLE', 'LAB_DOCKER_PERMISSION'].includes(error.code) &&
  (yes || output.interactive) &&
  !environment.variables.DOCKER_HOST;
