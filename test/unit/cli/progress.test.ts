import { EventEmitter } from 'node:events';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { messagesIn } from '../../../src/host/cli/messages.ts';
import { createOutput } from '../../../src/host/cli/output.ts';
import { showProgress } from '../../../src/host/cli/progress.ts';
import { fakeOutput } from './fake-output.ts';

const started = (step: string, title: string) => ({ step, title, state: 'started' }) as const;
const done = (step: string, title: string, detail?: string) =>
  ({ step, title, state: 'done', milliseconds: 1234, ...(detail ? { detail } : {}) }) as const;

describe('progress', () => {
  test('without a terminal is one line per step that ended, beside the result', () => {
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

  test('speaks Korean, and keeps the title of a step that it doesn’t know', () => {
    const { output, notes } = fakeOutput();
    using progress = showProgress({ output, say: messagesIn('ko') });
    progress.onEvent(done('wire', 'Wiring links'));
    progress.onEvent(done('else', 'Something else'));
    expect(notes[0]).toContain('링크 연결');
    expect(notes[1]).toContain('Something else');
    for (const line of notes) expect(stringWidth(line)).toBe(stringWidth(notes[0] ?? ''));
  });

  test('on a terminal draws all steps in place, and leaves them to be read', () => {
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

  test('leaves a detail out that doesn’t fit on the line', () => {
    const { output, notes } = fakeOutput();
    using progress = showProgress({ output, say: messagesIn('en') });
    progress.onEvent(done('image', 'Preparing', 'x'.repeat(100)));
    expect(notes[0]?.length).toBeLessThanOrEqual(80);
  });
});

/** A terminal of the given size that remembers what was written to it. */
const fakeTerminal = () => {
  const written: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 80,
    rows: 24,
    write: (text: string) => written.push(text) > 0,
  });
  return { written, stream: stream as unknown as NodeJS.WriteStream };
};

describe('the output', () => {
  test('writes above what is drawn in place, and draws that again', () => {
    const { written, stream } = fakeTerminal();
    const stdin = { isTTY: true } as NodeJS.ReadStream;
    const output = createOutput({ color: false, stdout: stream, stderr: stream, stdin });
    output.live(['one', 'two']);
    output.note('remark');
    expect(written.join('')).toBe('one\ntwo\n\r\u001b[2A\u001b[Jremark\none\ntwo\n');
  });

  test('names commands as they can be typed where npx started it', () => {
    const { written, stream } = fakeTerminal();
    const output = createOutput({
      color: false,
      stdout: stream,
      stderr: stream,
      stdin: {} as NodeJS.ReadStream,
      byNpx: true,
    });
    output.line('Run `labs start`, labs --name x tasks, or npx labs list; labs are fun, /etc/labs list');
    expect(written.join('')).toBe(
      'Run `npx labs start`, npx labs --name x tasks, or npx labs list; labs are fun, /etc/labs list\n',
    );
  });

  test('draws nothing in place where there is no terminal', () => {
    const { written, stream } = fakeTerminal();
    Object.assign(stream, { isTTY: false });
    const output = createOutput({ color: true, stdout: stream, stderr: stream, stdin: {} as NodeJS.ReadStream });
    output.live(['one']);
    output.line(output.paint('red', 'plain'));
    expect(written).toEqual(['plain\n']);
    expect(output).toMatchObject({ terminal: false, interactive: false, colored: false, width: 80 });
  });
});
