// When to look again although no change was noticed. One clock for all who look, so that they share the work. Pure.
import type { Change } from '../api/changes.ts';

export interface Pulses {
  /** Something has changed: what hangs together with it may follow soon. */
  restart(now: number): void;
  due(now: number): readonly Change[];
}

/** Each pause is twice as long as the one before. Looking at everything takes a second of a processor. */
const pauses = {
  retry: { firstMs: 1000, longestMs: 10_000 },
  all: { firstMs: 30_000, longestMs: 300_000 },
} as const;

export const createPulses = (start: number): Pulses => {
  const clocks = (['retry', 'all'] as const).map((kind) => ({ kind, pauseMs: 0, at: 0 }));
  const restart = (now: number): void => {
    for (const clock of clocks) {
      clock.pauseMs = pauses[clock.kind].firstMs;
      clock.at = now + clock.pauseMs;
    }
  };
  restart(start);
  return {
    restart,
    due: (now) =>
      clocks
        .filter(({ at }) => now >= at)
        .map((clock) => {
          clock.pauseMs = Math.min(clock.pauseMs * 2, pauses[clock.kind].longestMs);
          clock.at = now + clock.pauseMs;
          return { kind: clock.kind };
        }),
  };
};
