// `labs check --watch`: shows each change of the outcomes, and ends on q or Ctrl-C. It outlives `labs stop`.
import { setTimeout as delay } from 'node:timers/promises';
import type { Report } from '../../api/report.ts';
import { LabError } from '../../kit/error.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { ClusterState } from '../cluster/status.ts';
import type { Context } from './context.ts';
import type { Page } from './scoreboard.ts';
import { inPlace, lineByLine, type Screen } from './watch-screen.ts';

/** The machines of a lab as they were at one moment. A lab that was started anew has other ones. */
export interface Watched extends AsyncDisposable {
  /** Tells the present state and each change. Runs until the signal aborts or a machine is gone. */
  follow(onReport: (report: Report) => Promise<void>, signal: AbortSignal): Promise<void>;
  draw(report: Report): Promise<Page>;
  /** What changes on the page without a new report: the time that is left. */
  moment?(): string;
  /** Aborts when the lab was stopped or deleted. */
  readonly ended: AbortSignal;
  /** Whether the lab still has these machines. */
  isCurrent(): Promise<boolean>;
}

export interface WatchOptions {
  open(): Promise<Watched>;
  /** Undefined: there is no such lab. */
  state(): Promise<ClusterState | undefined>;
  drawDown(state: ClusterState | undefined): Page;
  /** The error that ends the watching when the lab was deleted. */
  deleted(): LabError;
  /** How long `labs reset` may take to make the first machine again. */
  returnMs?: number;
  /** How often to look whether the moment is another one. */
  momentMs?: number;
}

/** The pause between two looks whether the lab is back. */
const pauseMs = 1000;

/**
 * Draws in place on a terminal, otherwise prints changed lines. Waits while the lab is stopped.
 * @returns the last report, if there was one
 */
export const watch = async (context: Context, options: WatchOptions): Promise<Report | undefined> => {
  let lab: Watched | undefined = await options.open();
  const screen = context.output.interactive && !context.json ? inPlace(context) : lineByLine(context);
  using keys = listenForKeys(context, (key) => {
    if (scrolling[key] !== undefined) screen.scroll(scrolling[key]);
  });
  let last: Report | undefined;
  try {
    while (!keys.signal.aborted) {
      if (lab) last = (await watchOne(lab, screen, keys.signal, options)) ?? last;
      if (keys.signal.aborted) break;
      if (!lab || lab.ended.aborted) await untilBack(options, screen, keys.signal);
      await lab?.[Symbol.asyncDispose]();
      lab = undefined;
      lab = await unlessAborted(openIfUp(options), keys.signal);
    }
  } catch (error) {
    if (!keys.signal.aborted) throw error;
  } finally {
    screen.end();
    await lab?.[Symbol.asyncDispose]();
  }
  return last;
};

/** Follows the lab until it is down or has other machines. @returns the last report */
const watchOne = async (
  lab: Watched,
  screen: Screen,
  quit: AbortSignal,
  { momentMs = 1000 }: WatchOptions,
): Promise<Report | undefined> => {
  const either = AbortSignal.any([quit, lab.ended]);
  const other = new AbortController();
  const over = AbortSignal.any([either, other.signal]);
  let last: Report | undefined;
  let shown = '';
  const onReport = async (report: Report): Promise<void> => {
    // A report on machines that are stopping would show faults that the student has not made.
    if (!(await lab.isCurrent())) other.abort();
    if (over.aborted) return;
    last = report;
    await drawNews(report);
  };
  const drawNews = async (report: Report): Promise<void> => {
    const state = [stateOf(report), lab.moment?.()].join('\n');
    if (state === shown) return;
    shown = state;
    screen.draw(await lab.draw(report));
  };
  const onMoment = async (): Promise<void> => {
    if (last && !over.aborted) await drawNews(last);
  };
  // Without a report there is nothing to draw, and the next report says what went wrong.
  const moments = setInterval(() => onMoment().catch(() => {}), momentMs);
  try {
    await unlessAborted(lab.follow(onReport, over), over);
    return last;
  } catch (error) {
    if (other.signal.aborted || (quit.aborted && last)) return last;
    if (quit.aborted || !lab.ended.aborted) throw error;
    return last;
  } finally {
    clearInterval(moments);
  }
};

/** @throws the error of `deleted` */
const untilBack = async (options: WatchOptions, screen: Screen, quit: AbortSignal): Promise<void> => {
  for (;;) {
    const state = await unlessAborted(options.state(), quit);
    if (state === 'running') return;
    screen.draw(options.drawDown(state));
    if (state === undefined) await untilMadeAgain(options, quit);
    else await delay(pauseMs, undefined, { signal: quit });
  }
};

/** `labs reset` deletes the lab before it makes the lab again. */
const untilMadeAgain = async ({ state, deleted, returnMs = 10_000 }: WatchOptions, signal: AbortSignal) => {
  const look = async () => ((await state()) === undefined ? notYet('not yet') : done(undefined));
  await eventually('the lab exists again', look, { timeoutMs: returnMs, signal }).catch((error) => {
    throw error instanceof LabError && error.code === 'LAB_TIMEOUT' ? deleted() : error;
  });
};

/** What `open` throws when the lab stops at that moment. */
const downCodes = ['LAB_NOT_STARTED', 'LAB_FABRIC_GONE', 'LAB_CONTAINER_STOPPED', 'LAB_CONTAINER_MISSING'];

const openIfUp = async ({ open }: WatchOptions): Promise<Watched | undefined> => {
  try {
    return await open();
  } catch (error) {
    if (error instanceof LabError && downCodes.includes(error.code)) return undefined;
    throw error;
  }
};

/** A key must end the watching at once, also while checks wait for an answer. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  // Nobody waits for this grading any more, so its failure is no error.
  work.catch(() => {});
  signal.throwIfAborted();
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

export interface Keys extends Disposable {
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
export const listenForKeys = ({ output, signal }: Context, onOther: (key: string) => void): Keys => {
  const quit = new AbortController();
  const { stdin, stdout } = process;
  const onGone = (): void => quit.abort();
  stdout.on('error', onGone);
  const onKey = (chunk: Buffer): void => {
    // Several keys may arrive at once.
    for (const [key] of chunk.toString().matchAll(oneKey)) {
      if (quitKeys.includes(key)) quit.abort();
      else onOther(key);
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
