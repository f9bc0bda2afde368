// Finds the Docker engine on which a lab starts. If something is missing, offers the set-up first.
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { refuseRootless } from '../setup/engine-probes.ts';
import { planSetup } from '../setup/setup.ts';
import { agree, carryOut, setupOptions } from './commands/setup.ts';
import type { Context } from './context.ts';

/**
 * @throws LabError that says why Docker does not answer, unless the set-up can mend this and the user agrees;
 * LAB_ENGINE_ROOTLESS
 */
export const engineOrSetup = async (context: Context): Promise<Containers> => {
  const docker = await context.docker();
  const problem = await docker.engine(context.signal).then(
    (info) => refuseRootless(info),
    (error: unknown) => error,
  );
  if (problem !== undefined && !isMendable(context, problem)) throw problem;
  const plan = await planSetup(await setupOptions(context));
  // If only images are missing, no question is needed: making images changes nothing on the machine itself.
  if (problem !== undefined && !(await agree(context, plan))) throw problem;
  if (plan.steps.length > 0) await carryOut(context, plan);
  return docker;
};

/** Whether `labs setup` may mend the problem: the engine runs on this machine, and somebody can agree. */
const isMendable = ({ yes, output, environment }: Context, error: unknown): boolean =>
  error instanceof LabError &&
  ['LAB_DOCKER_MISSING', 'LAB_DOCKER_UNREACHABLE', 'LAB_DOCKER_PERMISSION'].includes(error.code) &&
  (yes || output.interactive) &&
  !environment.dockerChosen;
