// `labs check --watch`: looks, redraws only what changed, and ends on q or Ctrl-C with the last report.
import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../api/report.ts';
import type { Context } from './context.ts';

export interface WatchOptions {
  readonly look: () => Promise<Report>;
  readonly draw: (report: Report) => Promise<readonly string[]>;
}

/** The pause after one look, before the next. */
const pauseMs = 1000;

/** The last report, or undefined when it ended before the first. On a terminal it draws in place, else it prints changes. */
export const watch = async (context: Context, options: WatchOptions): Promise<Report | undefined> => {
  using keys = listenForQuit(context);
  const screen = context.output.interactive ? inPlace(context) : oneAfterTheOther(context);
  let last: Report | undefined;
  let shown = '';
  try {
    while (!keys.signal.aborted) {
      last = await options.look();
      const state = essence(last);
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

/** What counts as a change: outcomes and what was seen, not times. */
const essence = (report: Report): string =>
  JSON.stringify(
    report.tasks.map(({ checks }) => checks.map(({ outcome, observed, hint }) => [outcome, observed, hint])),
  );

interface Screen {
  draw(lines: readonly string[]): void;
  end(): void;
}

/** On the terminal's second page, so that what was there before comes back. The last state stays to be read. */
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

/** The middle gives way: the top is where the work is, the end has the score. */
const shorten = (lines: readonly string[], room: number): readonly string[] =>
  lines.length <= room ? lines : [...lines.slice(0, room - 3), ' …', ...lines.slice(-2)];

const oneAfterTheOther = ({ output }: Context): Screen => {
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

/** Aborts on q, on Ctrl-C (a key in raw mode) and on the signals that the whole program listens for. */
const listenForQuit = ({ output, signal }: Context): Keys => {
  const quit = new AbortController();
  const { stdin } = process;
  const onKey = (chunk: Buffer): void => {
    if (['q', 'Q', '\u0003', '\u0004'].includes(chunk.toString())) quit.abort();
  };
  if (output.interactive) stdin.setRawMode(true).on('data', onKey).resume();
  return {
    signal: AbortSignal.any([signal, quit.signal]),
    [Symbol.dispose]() {
      if (!output.interactive) return;
      stdin.off('data', onKey).setRawMode(false).pause();
    },
  };
};
