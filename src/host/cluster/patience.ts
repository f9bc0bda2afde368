// How long a bring-up waits, and what it forgives: nothing in a new cluster, a student's own doing in an old one.
import { LabError } from '../../kit/error.ts';
import type { Pace } from './conditions.ts';
import type { BringUp } from './context.ts';
import type { RunningMachine } from './machines.ts';
import { unlessComponentsDie } from './watchdog.ts';

/** Far more than it takes: a loaded laptop must not fail a start. */
const strictMs = 60_000;
/** Where something may be broken on purpose: for all conditions together, as those that hold need no time. */
const lenientMs = 15_000;
/** Each condition is looked at for so long at least. */
const leastMs = 1000;

export const nodesOf = (up: BringUp): readonly RunningMachine[] => up.machines.filter(({ role }) => role === 'node');

/** What is wrong fails a new cluster; of an old one it is told at the end. */
export const tell = (up: BringUp, error: LabError): void => {
  if (!up.lenient) throw error;
  up.warnings.push(error.message);
};

/** Does one thing, and tells when it fails. An abort is no failure. */
export const unlessBroken = async (up: BringUp, signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof LabError)) throw error;
    tell(up, error);
  }
};

/** Waits for a condition, as long as no component keeps dying. */
export const patiently = (
  up: BringUp,
  signal: AbortSignal,
  wait: (signal: AbortSignal, pace: Pace) => Promise<void>,
): Promise<void> =>
  unlessBroken(up, signal, () =>
    unlessComponentsDie(up.containers, nodesOf(up), signal, (either) => wait(either, paceOf(up))),
  );

const paceOf = (up: BringUp): Pace => {
  if (!up.lenient) return { timeoutMs: strictMs };
  up.patienceEnds ??= performance.now() + lenientMs;
  return { timeoutMs: Math.max(leastMs, Math.round((up.patienceEnds - performance.now()) / 1000) * 1000) };
};
