// Shows how far a class is graded, and how long the rest may take: a line for each submission, and on a terminal what
// is running now.
import { printable } from '../../kit/printable.ts';
import { secondsLeft } from '../submission/batch.ts';
import type { Context } from './context.ts';
import { cutTo } from './text.ts';

export interface BatchProgress extends Disposable {
  started(name: string): void;
  ended(name: string, result: BatchResult): void;
}

export type BatchResult = { readonly seconds: number } & ({ readonly score: string } | { readonly problem: string });

export interface BatchSize {
  readonly all: number;
  /** Rows of an earlier run that are still right. */
  readonly unchanged: number;
  readonly jobs: number;
}

export const showBatch = ({ output, say }: Context, { all, unchanged, jobs }: BatchSize): BatchProgress => {
  const running = new Set<string>();
  const took: number[] = [];
  const left = (): string => {
    const seconds = secondsLeft(took, { open: all - took.length, jobs });
    return seconds === undefined || took.length === all ? '' : say.batchLeft(seconds);
  };
  const draw = (): void => {
    if (!output.terminal) return;
    const names = [...running].map((name) => printable(name)).join(', ');
    const head = [say.batchCount(took.length, all), left()].filter(Boolean).join(', ');
    output.live([head, `  ${names}`].map((line) => output.paint('dim', cutTo(line, output.width))));
  };
  if (unchanged > 0) output.note(output.paint('dim', say.batchUnchanged(unchanged)));
  return {
    started(name) {
      running.add(name);
      draw();
    },
    ended(name, result) {
      running.delete(name);
      took.push(result.seconds);
      const shown = 'score' in result ? result.score : say.batchBroken(result.problem);
      const parts = [`[${took.length}/${all}] ${printable(name)}  ${shown}  ${result.seconds.toFixed(1)} s`];
      // On a terminal, the line below says how much is left.
      if (!output.terminal && left() !== '') parts.push(left());
      output.note(parts.join('  '));
      draw();
    },
    [Symbol.dispose]: () => output.live([]),
  };
};
