// An Output that records what is written.
import type { Output } from '../../../src/host/cli/output.ts';
import { wrapLines } from '../../../src/host/cli/text.ts';

type Given = Partial<Omit<Output, 'printed'>> & { readonly printed?: (text: string, lab?: string) => string };

export const fakeOutput = ({ printed = (text) => text, ...given }: Given = {}) => {
  let lab: string | undefined;
  const lines: string[] = [];
  const notes: string[] = [];
  const output: Output = {
    line: (text = '') => void lines.push(text),
    write: (text) => void lines.push(text),
    note: (text) => void notes.push(...(given.terminal ? wrapLines(text, given.width ?? 80) : text).split('\n')),
    printed: (text) => printed(text, lab),
    nameLab(name) {
      lab = name;
    },
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
