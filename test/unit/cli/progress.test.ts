import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { showProgress } from '../../../src/host/cli/progress.ts';
import { fakeOutput } from './fake-output.ts';

const started = (step: string, title: string) => ({ step, title, state: 'started' }) as const;
const done = (step: string, title: string, detail?: string) =>
  ({ step, title, state: 'done', milliseconds: 1234, ...(detail ? { detail } : {}) }) as const;

describe('progress', () => {
  test('without a terminal is one line on standard error for each step that ended', () => {
    const { output, lines, notes } = fakeOutput();
    {
      using progress = showProgress({ output, say: messagesIn('en') });
      progress.onEvent(started('wire', 'Wiring links'));
      progress.onEvent(done('wire', 'Wiring links', '4 links'));
      progress.onEvent({ step: 'x', title: 'Waiting', state: 'failed', milliseconds: 60_000, message: 'no' });
    }
    expect(lines).toEqual([]);
    expect(notes.map((line) => line.replace(/ +/g, ' '))).toEqual([
      ' ✔ Wiring links 4 links 1.2 s',
      ' ✘ Waiting 60.0 s',
    ]);
  });

  test('names steps in Korean, and keeps the title of a step without Korean words', () => {
    const { output, notes } = fakeOutput();
    using progress = showProgress({ output, say: messagesIn('ko') });
    progress.onEvent(done('wire', 'Wiring links'));
    progress.onEvent(done('else', 'Something else'));
    expect(notes[0]).toContain('링크 연결');
    expect(notes[1]).toContain('Something else');
    for (const line of notes) expect(stringWidth(line)).toBe(stringWidth(notes[0] ?? ''));
  });

  test('on a terminal draws all steps in place, and prints them at the end', () => {
    const drawn: (readonly string[])[] = [];
    const { output, lines } = fakeOutput({ terminal: true, live: (shown) => void drawn.push(shown) });
    {
      using progress = showProgress({ output, say: messagesIn('en') });
      progress.onEvent(started('wire', 'Wiring links'));
      progress.onProgress('\u001b[1mpulling\u001b[0m layers');
      progress.onEvent(started('nodes', 'Waiting'));
      progress.onEvent(done('wire', 'Wiring links'));
    }
    expect(drawn[1]).toHaveLength(3);
    expect(drawn[1]?.[2]).toContain('pulling layers');
    expect(drawn.at(-1)).toEqual([]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ ✔ Wiring links +1\.2 s$/);
  });

  test.each([true, false])('shows no step of a start that is refused (terminal: %s)', (terminal) => {
    const { output, lines, notes } = fakeOutput({ terminal });
    {
      using progress = showProgress({ output, say: messagesIn('en') });
      progress.onEvent(started('fabric', 'Waking the fabric'));
      progress.onEvent(started('create', 'Creating machines'));
      progress.onEvent({ step: 'create', title: 'Creating machines', state: 'refused' });
      progress.onEvent({ step: 'fabric', title: 'Waking the fabric', state: 'cancelled', milliseconds: 1 });
    }
    expect([...lines, ...notes]).toEqual([]);
  });

  test('leaves out a detail that does not fit on the line', () => {
    const { output, notes } = fakeOutput();
    using progress = showProgress({ output, say: messagesIn('en') });
    progress.onEvent(done('image', 'Preparing', 'x'.repeat(100)));
    expect(notes[0]?.length).toBeLessThanOrEqual(80);
  });
});
