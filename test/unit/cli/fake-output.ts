// An Output that records what is written.
import type { Output } from '../../../src/host/cli/output.ts';

export const fakeOutput = (given: Partial<Output> = {}) => {
  const lines: string[] = [];
  const notes: string[] = [];
  const output: Output = {
    line: (text = '') => void lines.push(text),
    write: (text) => void lines.push(text),
    note: (text) => void notes.push(text),
    printed: (text) => text,
    flush: async () => {},
    live: () => {},
    paint: (_style, text) => text,
    colored: false,
    terminal: false,
    interactive: false,
    width: 80,
    ...given,
  };
  return { output, lines, notes };
};
