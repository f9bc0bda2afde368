import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { listenForInterrupt } from '../../../src/host/cli/interrupt.ts';

const listen = () => {
  const source = new EventEmitter();
  const notes: string[] = [];
  const interrupt = listenForInterrupt(
    source,
    (text) => void notes.push(text),
    () => ({ cancelling: 'cancelling', stillCleaning: 'still cleaning' }),
  );
  return { source, notes, interrupt };
};

describe('Ctrl-C', () => {
  test('aborts the work and prints that labs cancels', () => {
    const { source, notes, interrupt } = listen();
    expect(interrupt.pressed).toBe(false);
    source.emit('SIGINT');
    expect(interrupt).toMatchObject({ pressed: true, signal: { aborted: true } });
    expect(notes).toEqual(['cancelling']);
  });

  test('pressed again only says that labs is still cleaning up', () => {
    const { source, notes } = listen();
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM']) source.emit(signal);
    expect(notes).toEqual(['cancelling', 'still cleaning', 'still cleaning']);
  });

  test('does nothing after release', () => {
    const { source, interrupt } = listen();
    interrupt.release();
    source.emit('SIGINT');
    expect(interrupt.pressed).toBe(false);
    expect(source.listenerCount('SIGINT')).toBe(0);
  });

  test('aborts again after labs listens again', () => {
    const { source, notes, interrupt } = listen();
    interrupt.listen();
    expect(source.listenerCount('SIGINT')).toBe(1);
    interrupt.release();
    interrupt.listen();
    source.emit('SIGINT');
    expect(interrupt.pressed).toBe(true);
    expect(notes).toEqual(['cancelling']);
  });
});
