// Wraps, pads and cuts text by columns of a terminal. A Korean letter takes two columns, a colour code takes none.
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Stands for a space inside a command while lines are broken. The character is for private use, one column wide. */
const heldSpace = '\ue000';

/** Makes `wrap` keep a command on one line, so that it can be copied. */
export const holdTogether = (command: string): string => command.replaceAll(' ', heldSpace);

export const releaseSpaces = (text: string): string => text.replaceAll(heldSpace, ' ');

/** Wraps between words. A longer word and a command in backticks stay whole, so that they can be copied. */
export const wrap = (text: string, width: number): readonly string[] =>
  releaseSpaces(wrapAnsi(text.replace(/[^\S\n]+/g, ' ').replace(/`[^`\n]+`/g, holdTogether), width)).split('\n');

/** Wraps only the lines that are too long. Their rows keep the indent of the line. */
export const wrapLines = (text: string, width: number): string =>
  text
    .split('\n')
    .flatMap((line) => {
      if (stringWidth(line) <= width) return [line];
      const [indent = ''] = /^ */.exec(line) ?? [];
      return wrap(line.slice(indent.length), width - indent.length).map((row) => indent + row);
    })
    .join('\n');

/** Pads with spaces to a width. */
export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)));

/** The start of a plain text, cut to a width. */
export const cutTo = (text: string, width: number): string => {
  let shown = text;
  while (stringWidth(shown) > width) shown = shown.slice(0, -1);
  return shown;
};

/** Seconds since a `performance.now()`, with one decimal. */
export const secondsSince = (startedAt: number): string => secondsOf(performance.now() - startedAt);

export const secondsOf = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);

/** Rows of cells → lines with aligned columns. The last column is not padded. */
export const alignColumns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    row
      .map((cell, column) => padEnd(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

/** The width of the widest cell of each column. */
export const columnWidths = (rows: readonly (readonly string[])[]): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))));

/** Wraps the last column so that the rows fit into a width. @returns for each row: the row, and rows for its rest */
export const fitLastColumn = (
  rows: readonly (readonly string[])[],
  width: number,
): readonly (readonly (readonly string[])[])[] => {
  const others = columnWidths(rows.map((row) => row.slice(0, -1)));
  const room = Math.max(
    20,
    others.reduce((rest, each) => rest - each - 2, width),
  );
  return rows.map((row) =>
    wrap(row.at(-1) ?? '', room).map((line, index) => [
      ...row.slice(0, -1).map((text) => (index === 0 ? releaseSpaces(text) : '')),
      line,
    ]),
  );
};

/** Ascending numbers as a text: `1–4, 7`. */
export const numberRanges = (numbers: readonly number[]): string => {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const latest = ranges.at(-1);
    if (latest && latest[1] === number - 1) latest[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
};
