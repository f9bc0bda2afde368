// A table of a command's result, with a bold header.
import type { Output } from './output.ts';
import { alignColumns, fitLastColumn } from './text.ts';

export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { paint }: Pick<Output, 'paint'>,
): readonly string[] => alignColumns([header.map((title) => paint('bold', title)), ...rows]);

/** Commands to type, each with its purpose beside it. @param rows the commands without `labs` */
export const commandLines = (
  { paint, printed, width }: Pick<Output, 'paint' | 'printed' | 'width'>,
  rows: readonly (readonly [command: string, purpose: string])[],
): readonly string[] => {
  // A long purpose is wrapped, but a command stays whole.
  const cells = rows.map(([command, purpose]) => [`  ${printed(`labs ${command}`)}  `, purpose]);
  const painted = fitLastColumn(cells, width)
    .flat()
    .map(([command = '', purpose = '']) => [command === '' ? '' : paint('cyan', command), paint('dim', purpose)]);
  return alignColumns(painted);
};
