// Columns that line up on a terminal, whatever letters and colours are in them.
import stringWidth from 'string-width';
import { padEnd } from './markdown.ts';
import type { Output } from './output.ts';

/** A header and rows; the last column is not padded. */
export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { paint }: Pick<Output, 'paint'>,
): readonly string[] => {
  const lines = [header.map((title) => paint('bold', title)), ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => stringWidth(line[column] ?? ''))));
  return lines.map((line) =>
    line
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};
