// Shows on a terminal that a grading goes on: checks that change the cluster and wait for it take up to two minutes.
import type { Context } from './context.ts';
import { cutTo, secondsOf } from './text.ts';

export interface Waiting extends Disposable {
  /** Names the check that is being tried. */
  readonly onTry: (title: string) => void;
}

/** Most gradings end before this time. Then nothing is shown. */
const quietMs = 1000;

/** Shows a line below all other output until the result is disposed of. */
export const showWaiting = ({ output, say }: Pick<Context, 'output' | 'say'>): Waiting => {
  const started = performance.now();
  let doing = say.checking;
  const timer = setInterval(() => {
    const elapsed = performance.now() - started;
    if (elapsed < quietMs) return;
    const time = `${secondsOf(elapsed)} s`;
    output.live([output.paint('dim', ` ${cutTo(doing, output.width - time.length - 4)}  ${time}`)]);
  }, 200);
  return {
    onTry(title) {
      doing = say.tryingOut(title);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      output.live([]);
    },
  };
};
