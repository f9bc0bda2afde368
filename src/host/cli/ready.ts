// A Docker engine that a lab can start on. If something is missing, this offers the set-up first.
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { planSetup } from '../setup/setup.ts';
import { agree, carryOut, setupOptions } from './commands/setup.ts';
import type { Context } from './context.ts';

/** @throws LabError why Docker does not answer, unless the set-up can mend that and the user agrees */
export const engineOrSetup = async (context: Context): Promise<Containers> => {
  const docker = await context.docker();
  const problem = await docker.engine(context.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (problem !== undefined && !isMendable(context, problem)) throw problem;
  const plan = await planSetup(await setupOptions(context));
  // Missing images alone are made without a question: that changes nothing of the machine itself.
  if (problem !== undefined && !(await agree(context, plan))) throw problem;
  if (plan.steps.length > 0) await carryOut(context, plan);
  return docker;
};

/** `labs setup` may mend it: the engine is this machine's own, and somebody can agree. */
const isMendable = ({ yes, output, environment }: Context, error: unknown): boolean =>
  error instanceof LabError &&
  ['LAB_DOCKER_MISSING', 'LAB_DOCKER_UNREACHABLE', 'LAB_DOCKER_PERMISSION'].includes(error.code) &&
  (yes || output.interactive) &&
  !environment.dockerChosen;
