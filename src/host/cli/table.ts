// A table of a command's result, with a bold header.
import type { Output } from './output.ts';
import { alignColumns } from './text.ts';

export const table = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { paint }: Pick<Output, 'paint'>,
): readonly string[] => alignColumns([header.map((title) => paint('bold', title)), ...rows]);
