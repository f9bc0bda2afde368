import { EventEmitter } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/api/report.ts';
import type { Context } from '../../../src/host/cli/context.ts';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import type { Page } from '../../../src/host/cli/scoreboard.ts';
import { type Watched, type WatchOptions, watch } from '../../../src/host/cli/watch.ts';
import { inPlace } from '../../../src/host/cli/watch-screen.ts';
import type { ClusterState } from '../../../src/host/cluster/status.ts';
import { LabError } from '../../../src/kit/error.ts';
import { fakeOutput } from './fake-output.ts';

const contextWith = (signal: AbortSignal, json: boolean) => {
  const { output, lines } = fakeOutput();
  return { context: { output, json, say: {}, signal } as unknown as Context, lines };
};

/** Tells one report after the other, as a lab that changes all the time. */
const following =
  (grade: () => Promise<Report>): Watched['follow'] =>
  async (onReport, signal) => {
    for (; !signal.aborted; await new Promise((resolve) => setImmediate(resolve))) await onReport(await grade());
  };

/** A lab that is never stopped. */
const running = ({ grade, draw }: Pick<Watched, 'draw'> & { grade(): Promise<Report> }): WatchOptions => ({
  open: async () => ({
    follow: following(grade),
    draw,
    ended: new AbortController().signal,
    isCurrent: async () => true,
    [Symbol.asyncDispose]: async () => {},
  }),
  state: async () => 'running',
  drawDown: (state) => pageOf(`${state}`),
  deleted: () => new LabError('LAB_DELETED', 'deleted'),
  returnMs: 0,
});

const report = (observed: string): Report => ({ tasks: [{ checks: [{ outcome: 'fail', observed }] }] }) as never;

const pageOf = (...body: readonly string[]): Page => ({ body, foot: [], focus: 0 });

test('watching ends at once, also while a check is running', { timeout: 2000 }, async () => {
  const abort = new AbortController();
  const { context } = contextWith(abort.signal, false);
  const grade = (): Promise<Report> => {
    setImmediate(() => abort.abort());
    return new Promise(() => {});
  };
  expect(await watch(context, running({ grade, draw: async () => pageOf() }))).toBeUndefined();
});

test('watching prints each change once, and nothing while nothing changes', async () => {
  const abort = new AbortController();
  const { context, lines } = contextWith(abort.signal, true);
  const seen = ['a', 'a', 'b'];
  const grade = async (): Promise<Report> => {
    const next = seen.shift();
    if (next === undefined) abort.abort();
    return report(next ?? 'b');
  };
  await watch(context, running({ grade, draw: async (current) => pageOf(JSON.stringify(current)) }));
  expect(lines).toEqual([JSON.stringify(report('a')), JSON.stringify(report('b'))]);
});

test('watching ends when nobody reads its output any more', { timeout: 2000 }, async () => {
  const { context } = contextWith(new AbortController().signal, false);
  const grade = async (): Promise<Report> => {
    process.stdout.emit('error', new Error('write EPIPE'));
    return report('a');
  };
  const ignore = (): void => {};
  process.stdout.on('error', ignore);
  await watch(context, running({ grade, draw: async () => pageOf() }));
  process.stdout.off('error', ignore);
  expect(process.stdout.listenerCount('error')).toBe(0);
});

test('watching draws the page again when the time that is left stands out, without a new report', async () => {
  const abort = new AbortController();
  const { context, lines } = contextWith(abort.signal, true);
  const stages = ['calm', 'calm', 'soon', 'last'];
  let stage = '';
  const lab: Watched = {
    async follow(onReport, signal) {
      await onReport(report('a'));
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    draw: async () => pageOf(stage),
    moment() {
      stage = stages.shift() ?? stage;
      if (stage === 'last') setImmediate(() => abort.abort());
      return stage;
    },
    ended: new AbortController().signal,
    isCurrent: async () => true,
    [Symbol.asyncDispose]: async () => {},
  };
  const none = { grade: async () => report(''), draw: async () => pageOf() };
  await watch(context, { ...running(none), open: async () => lab, momentMs: 1 });
  expect(lines).toEqual(['calm', 'soon', 'last']);
});

describe('a lab that does not run any more', () => {
  /** Each opening of the lab shows its number, and ends after its first report. */
  const stopping = (states: (ClusterState | undefined)[], changes: Partial<Watched> = {}) => {
    const quit = new AbortController();
    const { context, lines } = contextWith(quit.signal, true);
    let opened = 0;
    const options: WatchOptions = {
      ...running({ grade: async () => report(''), draw: async () => pageOf() }),
      async open() {
        opened += 1;
        const number = opened;
        const ended = new AbortController();
        return {
          // As a call of a fabric that is gone: the answer never comes.
          follow: following(() =>
            number === 1 ? new Promise<Report>(() => setImmediate(() => ended.abort())) : report2(number),
          ),
          async draw() {
            setImmediate(() => quit.abort());
            return pageOf(`lab ${number}`);
          },
          ended: ended.signal,
          isCurrent: async () => true,
          [Symbol.asyncDispose]: async () => {},
          ...changes,
        };
      },
      state: async () => (states.length > 1 ? states.shift() : states[0]),
    };
    const report2 = async (number: number) => report(`${number}`);
    return { watched: watch(context, options), lines };
  };

  test('is said to be stopped, and is watched again after its start', async () => {
    const { watched, lines } = stopping(['stopped', 'incomplete', 'running']);
    expect(await watched).toEqual(report('2'));
    expect(lines).toEqual(['stopped', 'incomplete', 'lab 2']);
  });

  test('ends the watching when it was deleted', async () => {
    const { watched, lines } = stopping([undefined]);
    await expect(watched).rejects.toMatchObject({ code: 'LAB_DELETED' });
    expect(lines).toEqual(['undefined']);
  });

  test('is watched again when a reset has made it anew', async () => {
    const { watched, lines } = stopping([undefined, 'incomplete', 'running']);
    await watched;
    expect(lines).toEqual(['undefined', 'lab 2']);
  });

  test('shows no report on machines that have changed meanwhile', async () => {
    let rounds = 0;
    const follow = following(async () => report(''));
    const { watched, lines } = stopping(['running'], { follow, isCurrent: async () => rounds++ > 0 });
    await watched;
    expect(lines).toEqual(['lab 2']);
  });
});

describe('on a terminal of 24 rows', () => {
  const screen = () => {
    const { output, lines } = fakeOutput();
    const stdout = Object.assign(new EventEmitter(), { rows: 24 });
    const drawn = inPlace({ output, say: messagesIn('en') }, stdout as never);
    return { drawn, stdout, seen: () => stripVTControlCharacters(lines.at(-1) ?? '').split('\r\n') };
  };
  const long = (focus: number): Page => ({
    body: Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
    foot: ['', 'score'],
    focus,
  });

  test('watching says at once that it checks', () => {
    expect(screen().seen()).toEqual([' Checking…', ' watching; press q to stop']);
  });

  test.each([
    [0, 1, 21],
    [5, 5, 25],
    [29, 10, 30],
  ])('with the focus on line %i, lines %i to %i of 30 are shown above the score', (focus, first, last) => {
    const { drawn, seen } = screen();
    drawn.draw(long(focus));
    expect(seen()).toHaveLength(24);
    expect([seen()[0], ...seen().slice(-4)]).toEqual([
      `line ${first}`,
      `line ${last}`,
      '',
      'score',
      ` watching; ↑ ↓ scroll, lines ${first}–${last} of 30; press q to stop`,
    ]);
  });

  test('keys scroll as far as there are lines, and a change keeps the place', () => {
    const { drawn, seen } = screen();
    drawn.draw(long(0));
    drawn.scroll(3);
    drawn.draw(long(20));
    expect(seen()[0]).toBe('line 4');
    drawn.scroll(100);
    expect(seen()[0]).toBe('line 10');
    drawn.scroll(-100);
    expect(seen()[0]).toBe('line 1');
  });

  test('a larger terminal shows more at once', () => {
    const { drawn, seen, stdout } = screen();
    drawn.draw(long(0));
    stdout.rows = 40;
    stdout.emit('resize');
    expect(seen()).toHaveLength(33);
    drawn.end();
    expect(stdout.listenerCount('resize')).toBe(0);
  });
});
