import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { showWaiting } from '../../../src/host/cli/waiting.ts';
import { fakeOutput } from './fake-output.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const shown = (run: (waiting: ReturnType<typeof showWaiting>) => void) => {
  const drawn: (readonly string[])[] = [];
  const { output } = fakeOutput({ terminal: true, live: (lines) => void drawn.push(lines) });
  {
    using waiting = showWaiting({ output, say: messagesIn('en') });
    run(waiting);
  }
  return drawn;
};

test('a grading that ends at once shows no line', () => {
  expect(shown(() => void vi.advanceTimersByTime(900))).toEqual([[]]);
});

test('a long grading says how long it has taken, and what it tries out', () => {
  const drawn = shown(({ onTry }) => {
    vi.advanceTimersByTime(2000);
    onTry('Requests go on');
    vi.advanceTimersByTime(1000);
  });
  expect(drawn[0]?.[0]).toBe(' Checking…  1.0 s');
  expect(drawn.at(-2)?.[0]).toBe(' Trying it out: Requests go on  3.0 s');
  expect(drawn.at(-1)).toEqual([]);
});
