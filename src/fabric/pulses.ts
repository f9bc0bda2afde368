// When to look again although no change was noticed. One clock for all who look, so that they share the work. Pure.
import type { Change } from '../api/fabric.ts';

export interface Pulses {
  /** Something has changed: what hangs together with it may follow soon. */
  restart(now: number): void;
  due(now: number): readonly Change[];
}

const firstMs = 1000;
const longestMs = 10_000;
const allMs = 60_000;

export const createPulses = (start: number): Pulses => {
  let pause = firstMs;
  let retryAt = start + pause;
  let allAt = start + allMs;
  return {
    restart(now) {
      pause = firstMs;
      retryAt = now + pause;
    },
    due(now) {
      const due: Change[] = [];
      if (now >= retryAt) {
        due.push({ kind: 'retry' });
        pause = Math.min(pause * 2, longestMs);
        retryAt = now + pause;
      }
      if (now >= allAt) {
        due.push({ kind: 'all' });
        allAt = now + allMs;
      }
      return due;
    },
  };
};
