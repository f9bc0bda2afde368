// How long a bring-up waits. A problem fails a new cluster, but is only a warning in a resumed one.
import { hasProxy } from '../../api/cluster.ts';
import type { Component } from '../../api/paths.ts';
import { LabError } from '../../kit/error.ts';
import type { Pace } from './conditions.ts';
import type { BringUp } from './context.ts';
import type { RunningMachine } from './machines.ts';
import { unlessComponentsDie } from './watchdog.ts';

/** Much longer than a condition usually takes, so that a start on a loaded laptop doesn't fail. */
const strictMs = 60_000;
/** For all conditions of a resume together: a student may have broken some of them on purpose. */
const lenientMs = 30_000;
/** Each condition gets at least this time. */
const leastMs = 1000;

export const nodesOf = (up: BringUp): readonly RunningMachine[] => up.machines.filter(({ role }) => role === 'node');

/** The nodes on which labs installs kube-proxy. */
export const proxiedNodesOf = (up: BringUp): readonly RunningMachine[] => {
  const { nodes } = up.request.plan.spec;
  return nodesOf(up).filter(({ name }) => nodes.some((node) => node.name === name && hasProxy(node)));
};

/** A problem: throws in a new cluster, becomes a warning in a resumed one. */
export const failOrWarn = (up: BringUp, error: LabError): void => {
  if (!up.lenient) throw error;
  up.warnings.push(error.message);
};

/** Runs `work`. A LabError goes to `failOrWarn`; an abort and any other error are thrown. */
export const forgivingly = async (up: BringUp, signal: AbortSignal, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof LabError)) throw error;
    failOrWarn(up, error);
  }
};

/**
 * Waits for a condition. A component that keeps exiting ends the wait. In a resumed cluster, so does a component that a
 * student has stopped.
 * @param needed components without which the condition cannot come true
 */
export const patiently = (
  up: BringUp,
  signal: AbortSignal,
  needed: readonly Component[],
  wait: (signal: AbortSignal, pace: Pace) => Promise<void>,
): Promise<void> =>
  forgivingly(up, signal, () =>
    unlessComponentsDie(
      up.containers,
      nodesOf(up),
      signal,
      (either) => wait(either, paceOf(up)),
      up.lenient ? needed : [],
    ),
  );

const paceOf = (up: BringUp): Pace => {
  if (!up.lenient) return { timeoutMs: strictMs };
  up.patienceEnds ??= performance.now() + lenientMs;
  return { timeoutMs: Math.max(leastMs, Math.round((up.patienceEnds - performance.now()) / 1000) * 1000) };
};
