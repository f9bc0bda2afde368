// Lays out a code block so that each command can be copied from the screen and pasted into a shell.
import stringWidth from 'string-width';
import { wrap } from './text.ts';

export interface CodeLine {
  readonly command: string;
  /** A comment after the command, or on a line of its own. It begins with spaces or `#`. */
  readonly comment: string;
}

/** A comment needs at least this many columns beside its command. Otherwise it stands above the command. */
const leastRoom = 24;

/** Commands stay whole, one a line. A comment at the end of a line wraps at words. */
export const codeLines = (source: string, width: number): readonly CodeLine[] => {
  let endOfDocument: string | undefined;
  return source
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      if (endOfDocument !== undefined) {
        if (line.trim() === endOfDocument) endOfDocument = undefined;
        return [{ command: line, comment: '' }];
      }
      endOfDocument = /<<-?\s*(['"]?)(\w+)\1/.exec(line)?.[2];
      return commandLines(line, width);
    });
};

const commandLines = (line: string, width: number): readonly CodeLine[] => {
  const found = /^(.*?)(\s*)(#\s.*)$/.exec(line);
  const [, command = line, gap = '', comment = ''] = found ?? [];
  // A # inside quotes begins no comment, and neither does one in the middle of a word.
  if (!found || isInsideQuotes(command) || (command !== '' && gap === '')) return [{ command: line, comment: '' }];
  if (stringWidth(line) <= width) return [{ command, comment: gap + comment }];
  const words = comment.replace(/^#\s*/, '');
  const indent = command === '' ? 0 : stringWidth(command) + 2;
  const room = width - indent - 2;
  if (room < leastRoom) {
    const above = wrap(words, width - 2).map((text) => ({ command: '', comment: `# ${text}` }));
    return [...above, { command, comment: '' }];
  }
  return wrap(words, room).map((text, row) =>
    row === 0
      ? { command, comment: `${command === '' ? '' : '  '}# ${text}` }
      : { command: '', comment: `${' '.repeat(indent)}# ${text}` },
  );
};

const isInsideQuotes = (text: string): boolean =>
  [`'`, `"`].some((quote) => text.split(quote).length % 2 === 0) || text.endsWith('$');
