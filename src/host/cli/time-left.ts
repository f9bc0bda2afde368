// The time of an exam: begins it, says how much is left, and refuses what it does not allow any more.
import { ExitCode, LabError } from '../../kit/error.ts';
import type { ClusterSummary } from '../cluster/status.ts';
import { timeOf } from '../grade/report/text.ts';
import { type Clock, endOf, isOver } from '../grade/time-limit.ts';
import type { Context } from './context.ts';
import { progressIn } from './student-progress.ts';
import { wrap } from './text.ts';

/**
 * The clock of a lab with a time limit. It begins here if it has not begun: a start may have been cut off before.
 * @returns undefined for a lab without a time limit, and for one that has not run yet
 */
export const clockIn = async (
  context: Context,
  { name, timeLimitSeconds, state }: Pick<ClusterSummary, 'name' | 'timeLimitSeconds' | 'state'>,
): Promise<Clock | undefined> => {
  if (timeLimitSeconds === undefined) return undefined;
  const progress = await progressIn(context, name);
  const { clock } = await progress.read();
  return clock ?? (state === 'stopped' ? undefined : progress.startClock(timeLimitSeconds));
};

/** @throws LabError `LAB_TIME_OVER` */
export const refuseOver = async (context: Context, instance: ClusterSummary): Promise<void> => {
  const clock = await clockIn(context, instance);
  if (!clock || !isOver(clock, new Date())) return;
  throw new LabError('LAB_TIME_OVER', context.say.timeOver(timeOf(endOf(clock).toISOString())), {
    exitCode: ExitCode.usage,
    hint: context.say.timeOverHint,
  });
};

export type Stage = 'calm' | 'soon' | 'last' | 'over';

export interface Left {
  readonly stage: Stage;
  /** One sentence. */
  readonly text: string;
}

/** How much time is left: the last ten minutes and the last minute have a stage of their own. */
export const leftOf = ({ say }: Pick<Context, 'say'>, clock: Clock, now = new Date()): Left => {
  const end = endOf(clock);
  const until = timeOf(end.toISOString(), now);
  const seconds = Math.ceil((end.getTime() - now.getTime()) / 1000);
  if (seconds <= 0) return { stage: 'over', text: say.timeWasOver(until) };
  const stage = seconds <= 60 ? 'last' : seconds <= 600 ? 'soon' : 'calm';
  const amount = stage === 'last' ? say.secondsLeft(seconds) : say.minutesLeft(Math.floor(seconds / 60));
  return { stage, text: stage === 'calm' ? say.timeLeft(amount, until) : say.timeLeftCheck(amount, until) };
};

/** `leftOf` as lines for the screen. None for a lab without a time limit. */
export const leftLines = (context: Pick<Context, 'say' | 'output'>, clock?: Clock, now?: Date): readonly string[] => {
  if (!clock) return [];
  const { output } = context;
  const { stage, text } = leftOf(context, clock, now);
  if (stage === 'calm') return wrap(text, output.width);
  return wrap(text, output.width - 2).map((line, row) =>
    output.paint(['bold', stage === 'soon' ? 'yellow' : 'red'], `${row === 0 ? '! ' : '  '}${line}`),
  );
};

/** For `--json`. */
export const timeFields = (clock: Clock | undefined, now = new Date()): object => {
  if (!clock) return {};
  const end = endOf(clock);
  const secondsLeft = Math.max(0, Math.ceil((end.getTime() - now.getTime()) / 1000));
  return { timeLimit: { ...clock, endsAt: end.toISOString(), secondsLeft, over: secondsLeft === 0 } };
};
