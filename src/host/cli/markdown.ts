// Task texts on a terminal: Markdown → lines of a given width, with colours where the output has them.
import { lexer, type Token, type Tokens } from 'marked';
import stringWidth from 'string-width';
import type { Paint, Style } from './output.ts';

export interface MarkdownOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Without colours, code keeps its backticks. */
  readonly colored: boolean;
}

/** Renders CommonMark with tables. Ends with a newline. */
export const renderMarkdown = (source: string, options: MarkdownOptions): string => {
  const blocks = lexer(source).flatMap((token) => {
    const lines = renderBlock(token, options);
    return lines.length > 0 ? [lines.join('\n')] : [];
  });
  return `${blocks.join('\n\n')}\n`;
};

const renderBlock = (token: Token, options: MarkdownOptions): readonly string[] => {
  const { paint } = options;
  switch (token.type) {
    case 'heading':
      return renderHeading(token as Tokens.Heading, options);
    case 'paragraph':
    case 'text':
      return wrap(words(inlineOf(token), options), options.width);
    case 'code':
      return (token as Tokens.Code).text
        .trimEnd()
        .split('\n')
        .map((line) => `    ${paint('green', line)}`);
    case 'list':
      return renderList(token as Tokens.List, options);
    case 'blockquote':
      return renderBlocks((token as Tokens.Blockquote).tokens, narrower(options, 2)).map(
        (line) => `${paint('dim', '│')} ${line}`,
      );
    case 'table':
      return renderTable(token as Tokens.Table, options);
    case 'hr':
      return [paint('dim', '─'.repeat(options.width))];
    default:
      return [];
  }
};

const renderBlocks = (tokens: readonly Token[], options: MarkdownOptions): readonly string[] =>
  tokens
    .map((token) => renderBlock(token, options))
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));

const narrower = (options: MarkdownOptions, by: number): MarkdownOptions => ({ ...options, width: options.width - by });

const renderHeading = ({ depth, tokens }: Tokens.Heading, options: MarkdownOptions): readonly string[] => {
  const lines = wrap(words(tokens, options, ['bold', ...(depth === 1 ? (['cyan'] as const) : [])]), options.width);
  if (depth > 1 || options.colored) return lines;
  return [...lines, '='.repeat(Math.max(...lines.map((line) => stringWidth(line))))];
};

const renderList = (list: Tokens.List, options: MarkdownOptions): readonly string[] => {
  const items = list.items.map((item, index) => {
    const marker = list.ordered ? `${Number(list.start || 1) + index}.` : '•';
    const indent = marker.length + 1;
    const parts = item.tokens
      .map((token) => renderBlock(token, narrower(options, indent)))
      .filter((lines) => lines.length > 0);
    const body = parts.flatMap((lines, position) => (position > 0 && list.loose ? ['', ...lines] : lines));
    return body.map((line, row) =>
      row === 0 ? `${options.paint('cyan', marker)} ${line}` : line && ' '.repeat(indent) + line,
    );
  });
  return items.flatMap((lines, index) => (index > 0 && list.loose ? ['', ...lines] : lines));
};

const renderTable = ({ header, rows }: Tokens.Table, options: MarkdownOptions): readonly string[] => {
  const cell = ({ tokens }: Tokens.TableCell, styles: readonly Style[] = []): string =>
    words(tokens, options, styles).join(' ');
  const lines = [header.map((each) => cell(each, ['bold'])), ...rows.map((row) => row.map((each) => cell(each)))];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => stringWidth(line[column] ?? ''))));
  const format = (line: readonly string[]): string =>
    line
      .map((text, column) => padEnd(text, widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const [first = [], ...rest] = lines;
  return [
    format(first),
    options.paint('dim', widths.map((width) => '─'.repeat(width)).join('  ')),
    ...rest.map(format),
  ];
};

const inlineOf = (token: Token): readonly Token[] =>
  'tokens' in token && token.tokens ? token.tokens : [{ type: 'text', raw: token.raw, text: token.raw } as Tokens.Text];

const lineBreak = '\n';

/** A word is never broken, and carries its own colours: so a style never runs over a line's end. */
const words = (
  tokens: readonly Token[],
  options: MarkdownOptions,
  styles: readonly Style[] = [],
): readonly string[] => {
  const pieces: string[] = [];
  let glued = false;
  const add = (text: string, paint: (word: string) => string): void => {
    const parts = text.split(/\s+/);
    parts.forEach((part, index) => {
      if (index > 0) glued = false;
      if (part === '') return;
      const last = glued ? pieces.pop() : undefined;
      pieces.push((last ?? '') + paint(part));
      glued = true;
    });
  };
  const walk = (list: readonly Token[], style: readonly Style[]): void => {
    const painted = (word: string): string => (style.length > 0 ? options.paint(style, word) : word);
    for (const token of list) {
      if (token.type === 'strong') walk(inlineOf(token), [...style, 'bold']);
      else if (token.type === 'em') walk(inlineOf(token), [...style, 'underline']);
      else if (token.type === 'codespan') addCode((token as Tokens.Codespan).text);
      else if (token.type === 'link') addLink(token as Tokens.Link, style);
      else if (token.type === 'br') {
        pieces.push(lineBreak);
        glued = false;
      } else if ('tokens' in token && token.tokens) walk(token.tokens, style);
      else add('text' in token ? String(token.text) : token.raw, painted);
    }
  };
  const addCode = (text: string): void =>
    add(options.colored ? text : `\`${text}\``, (word) => options.paint('green', word));
  const addLink = (link: Tokens.Link, style: readonly Style[]): void => {
    walk(link.tokens, [...style, 'underline']);
    if (link.href !== link.text) add(` (${link.href})`, (word) => options.paint('dim', word));
  };
  walk(tokens, styles);
  return pieces;
};

const wrap = (pieces: readonly string[], width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces) {
    const longer = line === '' ? piece : `${line} ${piece}`;
    if (piece === lineBreak || (line !== '' && stringWidth(longer) > width)) {
      lines.push(line);
      line = piece === lineBreak ? '' : piece;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
};

/** Wraps plain text. */
export const wrapText = (text: string, width: number): readonly string[] =>
  text.split('\n').flatMap((line) => (line.trim() === '' ? [''] : wrap(line.trim().split(/\s+/), width)));

/** Pads to a width on screen: Korean letters take two columns, colours none. */
export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)));
