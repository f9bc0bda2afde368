// The code blocks of Markdown, with the places of their lines. A Markdown parser gives no places.
import type { Spot } from './finding.ts';
import type { Text } from './texts.ts';

export interface Block {
  readonly text: Text;
  /** The word after the opening fence. */
  readonly machine: string;
  readonly lines: readonly string[];
  readonly isClosed: boolean;
  /** Of the opening fence. */
  readonly start: Spot;
  /** The place of a character: line and column from 0. */
  spot(line: number, column: number): Spot;
}

export const blocksOf = (text: Text): readonly Block[] => {
  if (!text.isMarkdown) return [];
  const lines = text.content.split('\n');
  const blocks: Block[] = [];
  for (let row = 0; row < lines.length; row++) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,}|~{3,})\s*([^`]*?)\s*$/.exec(lines[row] ?? '') ?? [];
    if (fence === '') continue;
    const first = row + 1;
    const isEnd = (line: string): boolean => line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim());
    const length = lines.slice(first).findIndex(isEnd);
    const end = length === -1 ? lines.length : first + length;
    blocks.push({
      text,
      machine: info.split(/\s+/)[0] ?? '',
      lines: lines.slice(first, end).map((line) => withoutIndent(line, indent.length)),
      isClosed: length !== -1,
      start: text.spot(row, indent.length),
      spot: (line, column) => text.spot(first + line, column + indentOf(lines[first + line] ?? '', indent.length)),
    });
    row = end;
  }
  return blocks;
};

/** A line of a block in a list is indented as its fence. */
const indentOf = (line: string, indent: number): number => Math.min(indent, /^\s*/.exec(line)?.[0].length ?? 0);

const withoutIndent = (line: string, indent: number): string => line.slice(indentOf(line, indent));

/** Lines of Markdown that are no code, with their row from 0. */
export const proseOf = ({
  content,
}: Pick<Text, 'content'>): readonly { readonly row: number; readonly line: string }[] => {
  let fence = '';
  return content.split('\n').flatMap((line, row) => {
    const [, opened = ''] = /^\s*(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence !== '') {
      if (opened.startsWith(fence)) fence = '';
      return [];
    }
    fence = opened;
    return opened === '' ? [{ row, line }] : [];
  });
};
