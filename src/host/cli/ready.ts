// Docker for a command that needs it: where it is missing, the set-up is offered first.
import { LabError } from '../../kit/error.ts';
import type { Containers } from '../docker/port.ts';
import { confirm } from './ask.ts';
import type { Context } from './context.ts';

/** Docker that answers. @throws LabError what keeps it from answering, when it isn't to be set up */
export const engineOrSetup = async (context: Context): Promise<Containers> => {
  const docker = await context.docker();
  try {
    await docker.engine(context.signal);
    return docker;
  } catch (error) {
    if (!isMendable(error) || !(context.yes || context.output.interactive)) throw error;
    const { output, say } = context;
    output.note(`${say.setupFirst} ${error.message}.`);
    if (!(await confirm(context, say.setupQuestion, true))) throw error;
  }
  const { setUp } = await import('./commands/setup.ts');
  await setUp(context);
  await docker.engine(context.signal);
  return docker;
};

/** What `labs setup` can put right; a Docker elsewhere (DOCKER_HOST) is not its business. */
const isMendable = (error: unknown): error is LabError =>
  error instanceof LabError &&
  ['LAB_DOCKER_MISSING', 'LAB_DOCKER_UNREACHABLE', 'LAB_DOCKER_PERMISSION'].includes(error.code);
