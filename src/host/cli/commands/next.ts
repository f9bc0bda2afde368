// `labs next`: shows the first task that has not passed, as `labs tasks TASK` does.
import { ExitCode } from '../../../kit/error.ts';
import type { Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { standingIn } from '../standing.ts';
import { run as tasks } from './tasks.ts';

export const run: Run = async (context, [given], options) => {
  const { output, say, json } = context;
  const instance = await chooseInstance(context, given);
  const { next } = await standingIn(context, instance);
  if (next) return tasks({ ...context, name: instance.name }, [next.id], options);
  output.line(json ? 'null' : say.allTasksPassed);
  if (!json) output.line(output.paint('dim', say.nextGrade));
  return ExitCode.ok;
};
