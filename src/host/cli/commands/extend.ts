// `labs extend DURATION`: gives the student of an exam more time. The history and every report say so.
import { ExitCode, LabError } from '../../../kit/error.ts';
import { parseTimeLimit } from '../../lab/time-limit.ts';
import { confirm, declined } from '../ask.ts';
import type { Context, Run } from '../context.ts';
import { chooseInstance } from '../instances.ts';
import { progressIn } from '../student-progress.ts';
import { clockIn, leftLines, timeFields } from '../time-left.ts';

export const run: Run = async (context, [text = '']) => {
  const { output, say, json } = context;
  const seconds = secondsOf(context, text);
  const instance = await chooseInstance(context);
  const { name } = instance;
  if (!(await clockIn(context, instance)))
    throw new LabError('LAB_NO_TIME_LIMIT', say.noTimeLimit(name), { exitCode: ExitCode.usage });
  const amount = seconds < 60 ? say.secondsLeft(seconds) : say.minutesLeft(Math.floor(seconds / 60));
  if (!(await confirm(context, say.extendQuestion(name, amount)))) return declined(context);
  const clock = await (await progressIn(context, name)).extend(seconds);
  if (json) output.line(JSON.stringify({ name, lab: instance.lab, ...timeFields(clock) }, null, 2));
  else for (const line of [say.extended(amount), ...leftLines(context, clock)]) output.line(line);
  return ExitCode.ok;
};

/** @throws LabError `LAB_TIME_LIMIT` */
const secondsOf = ({ say }: Context, text: string): number => {
  const limit = parseTimeLimit(text);
  if (limit !== undefined) return limit / 1000;
  throw new LabError('LAB_TIME_LIMIT', say.timeLimitWrong(text), {
    exitCode: ExitCode.usage,
    hint: say.timeLimitHint,
  });
};
