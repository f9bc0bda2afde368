// `labs check --watch`: grades again and again, shows each change, and ends on q or Ctrl-C.
import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../api/report.ts';
import type { Context } from './context.ts';

export interface WatchOptions {
  readonly grade: () => Promise<Report>;
  readonly draw: (report: Report) => Promise<readonly string[]>;
}

/** The pause between two gradings. */
const pauseMs = 1000;

/** Draws in place on a terminal, otherwise prints changed lines. @returns the last report, if there was one */
export const watch = async (context: Context, options: WatchOptions): Promise<Report | undefined> => {
  using keys = listenForQuit(context);
  const screen = context.output.interactive && !context.json ? inPlace(context) : lineByLine(context);
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

interface Screen {
  draw(lines: readonly string[]): void;
  end(): void;
}

/** Draws on the terminal's alternate screen. At the end, shows the old screen again and prints the last state there. */
const inPlace = ({ output, say }: Context): Screen => {
  let last: readonly string[] = [];
  output.write('\u001b[?1049h\u001b[?25l');
  return {
    draw(lines) {
      last = lines;
      const page = [
        ...shorten(lines, Math.max(6, (process.stdout.rows ?? 24) - 2)),
        output.paint('dim', ` ${say.watchHelp}`),
      ]
        .map((line) => `${line}\u001b[K`)
        .join('\r\n');
      output.write(`\u001b[H${page}\u001b[J`);
    },
    end() {
      output.write('\u001b[?25h\u001b[?1049l');
      for (const line of last) output.line(line);
    },
  };
};

/** If the lines do not fit, leaves out lines above the score, which is at the end. */
const shorten = (lines: readonly string[], room: number): readonly string[] =>
  lines.length <= room ? lines : [...lines.slice(0, room - 3), ' …', ...lines.slice(-2)];

/** Prints the lines that the last drawing did not have. */
const lineByLine = ({ output }: Context): Screen => {
  let before = new Set<string>();
  return {
    draw(lines) {
      for (const line of lines) if (!before.has(line)) output.line(line);
      before = new Set(lines);
    },
    end() {},
  };
};

interface Keys extends Disposable {
  readonly signal: AbortSignal;
}

/** Aborts on q, on Ctrl-C (a key in raw mode), on Ctrl-D, when nobody reads on, and with the context's signal. */
const listenForQuit = ({ output, signal }: Context): Keys => {
  const quit = new AbortController();
  const { stdin, stdout } = process;
  const onGone = (): void => quit.abort();
  stdout.on('error', onGone);
  const onKey = (chunk: Buffer): void => {
    if (['q', 'Q', '\u0003', '\u0004'].includes(chunk.toString())) quit.abort();
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
