// `labs check --watch`: grades again and again, shows each change, and ends on q or Ctrl-C.
import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../api/report.ts';
import type { Context } from './context.ts';
import type { Page } from './scoreboard.ts';
import { inPlace, lineByLine, type Screen } from './watch-screen.ts';

export interface WatchOptions {
  readonly grade: () => Promise<Report>;
  readonly draw: (report: Report) => Promise<Page>;
}

/** The pause between two gradings. */
const pauseMs = 1000;

/** Draws in place on a terminal, otherwise prints changed lines. @returns the last report, if there was one */
export const watch = async (context: Context, options: WatchOptions): Promise<Report | undefined> => {
  const screen = context.output.interactive && !context.json ? inPlace(context) : lineByLine(context);
  using keys = listenForKeys(context, screen);
  let last: Report | undefined;
  let shown = '';
  try {
    while (!keys.signal.aborted) {
      last = await unlessAborted(options.grade(), keys.signal);
      const state = stateOf(last);
      if (state !== shown) screen.draw(await options.draw(last));
      shown = state;
      await delay(pauseMs, undefined, { signal: keys.signal });
    }
  } catch (error) {
    if (!keys.signal.aborted) throw error;
  } finally {
    screen.end();
  }
  return last;
};

/** A key must end the watching at once, also while checks wait for an answer. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  // Nobody waits for this grading any more, so its failure is no error.
  work.catch(() => {});
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};

/** What counts as a change: outcomes and observations, but not times. */
const stateOf = (report: Report): string =>
  JSON.stringify(
    report.tasks.map(({ checks }) => checks.map(({ outcome, observed, hint }) => [outcome, observed, hint])),
  );

interface Keys extends Disposable {
  readonly signal: AbortSignal;
}

/** What a terminal sends for a key → the lines to scroll. */
const scrolling: Readonly<Record<string, number>> = {
  '\u001b[A': -1,
  '\u001bOA': -1,
  k: -1,
  '\u001b[B': 1,
  '\u001bOB': 1,
  j: 1,
  '\u001b[5~': -10,
  '\u001b[6~': 10,
  ' ': 10,
};

const esc = '\u001b';
/** An escape sequence, or one character. */
const oneKey = new RegExp(`${esc}(?:\\[[\\d;]*.|O.)|.`, 'gs');

const quitKeys: readonly string[] = ['q', 'Q', '\u0003', '\u0004'];

/** Aborts on q, on Ctrl-C (a key in raw mode), on Ctrl-D, when nobody reads on, and with the context's signal. */
const listenForKeys = ({ output, signal }: Context, screen: Screen): Keys => {
  const quit = new AbortController();
  const { stdin, stdout } = process;
  const onGone = (): void => quit.abort();
  stdout.on('error', onGone);
  const onKey = (chunk: Buffer): void => {
    // Several keys may arrive at once.
    for (const [key] of chunk.toString().matchAll(oneKey)) {
      if (quitKeys.includes(key)) quit.abort();
      else if (scrolling[key] !== undefined) screen.scroll(scrolling[key]);
    }
  };
  if (output.interactive) stdin.setRawMode(true).on('data', onKey).resume();
  return {
    signal: AbortSignal.any([signal, quit.signal]),
    [Symbol.dispose]() {
      stdout.off('error', onGone);
      if (!output.interactive) return;
      stdin.off('data', onKey).setRawMode(false).pause();
    },
  };
};
