// Renders task texts and hints for a terminal: Markdown → lines of a given width.
import { lexer, type Token, type Tokens } from 'marked';
import stringWidth from 'string-width';
import { codeLines } from './code-block.ts';
import type { Paint, Style } from './output.ts';
import { placeLabels } from './place-labels.ts';
import { alignColumns, columnWidths, fitLastColumn, holdTogether, wrap } from './text.ts';

export interface MarkdownOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Without colours, code keeps its backticks. */
  readonly colored: boolean;
  /** Gives commands the form in which the user types them (`npx labs check`). */
  readonly printed?: (text: string) => string;
  /** The machines whose commands the text may have → how their blocks are labelled. */
  readonly places?: Readonly<Record<string, string>>;
}

/** Marks lines that start in the first column, also inside lists: pasted heredocs must not be indented. */
const flushLeft = '\ue001';

/** Renders CommonMark with tables. Ends with a newline. */
export const renderMarkdown = (source: string, given: MarkdownOptions): string => {
  const { printed = (text) => text, width } = given;
  const tokens = lexer(printed(source));
  const options: Page = { ...given, width, codeWidth: width, labels: placeLabels(tokens, given.places ?? {}) };
  const blocks = tokens.flatMap((token) => {
    const lines = renderBlock(token, options);
    return lines.length > 0 ? [lines.join('\n')] : [];
  });
  return `${blocks.join('\n\n').replaceAll(flushLeft, '')}\n`;
};

/** `width` shrinks inside lists and quotations; code has the whole width. */
interface Page extends MarkdownOptions {
  readonly codeWidth: number;
  /** The labels of code blocks that need one. */
  readonly labels: ReadonlyMap<Token, string>;
}

const renderBlock = (token: Token, options: Page): readonly string[] => {
  const { paint } = options;
  switch (token.type) {
    case 'heading':
      return renderHeading(token as Tokens.Heading, options);
    case 'paragraph':
    case 'text':
      return wrap(inline(childrenOf(token), options), options.width);
    case 'code':
      return renderCode(token as Tokens.Code, options);
    case 'list':
      return renderList(token as Tokens.List, options);
    case 'blockquote':
      return renderBlocks((token as Tokens.Blockquote).tokens, narrower(options, 2)).map((line) =>
        line.startsWith(flushLeft) ? line : `${paint('dim', '│')} ${line}`,
      );
    case 'table':
      return renderTable(token as Tokens.Table, options);
    case 'hr':
      return [paint('dim', '─'.repeat(options.width))];
    default:
      return [];
  }
};

/** The label is a comment, so that it may be pasted with the commands. */
const renderCode = (token: Tokens.Code, { labels, codeWidth, paint }: Page): readonly string[] => {
  const label = labels.get(token);
  return [
    ...(label === undefined ? [] : [flushLeft + paint('dim', `# ${label}:`)]),
    ...codeLines(token.text, codeWidth).map(
      ({ command, comment }) => flushLeft + (command && paint('green', command)) + (comment && paint('dim', comment)),
    ),
  ];
};

const renderBlocks = (tokens: readonly Token[], options: Page): readonly string[] =>
  tokens
    .map((token) => renderBlock(token, options))
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));

const narrower = (options: Page, by: number): Page => ({ ...options, width: options.width - by });

const renderHeading = ({ depth, tokens }: Tokens.Heading, options: Page): readonly string[] => {
  const lines = wrap(inline(tokens, options, depth === 1 ? ['bold', 'cyan'] : ['bold']), options.width);
  if (depth > 1 || options.colored) return lines;
  return [...lines, '='.repeat(Math.max(...lines.map((line) => stringWidth(line))))];
};

const renderList = (list: Tokens.List, options: Page): readonly string[] => {
  const items = list.items.map((item, index) => {
    const marker = list.ordered ? `${Number(list.start || 1) + index}.` : '•';
    const indent = marker.length + 1;
    const parts = item.tokens
      .map((token) => renderBlock(token, narrower(options, indent)))
      .filter((lines) => lines.length > 0);
    const body = parts.flatMap((lines, position) => (position > 0 && list.loose ? ['', ...lines] : lines));
    const lines = body[0]?.startsWith(flushLeft) ? ['', '', ...body] : body;
    return lines.map((line, row) =>
      row === 0
        ? `${options.paint('cyan', marker)} ${line}`
        : line === '' || line.startsWith(flushLeft)
          ? line
          : ' '.repeat(indent) + line,
    );
  });
  return items.flatMap((lines, index) => (index > 0 && list.loose ? ['', ...lines] : lines));
};

const renderTable = ({ header, rows }: Tokens.Table, options: Page): readonly string[] => {
  const cell = ({ tokens }: Tokens.TableCell, styles: readonly Style[] = []): string =>
    inline(tokens, options, styles).replaceAll('\n', ' ');
  const cells = [header.map((each) => cell(each, ['bold'])), ...rows.map((row) => row.map((each) => cell(each)))];
  const fitted = fitLastColumn(cells, options.width);
  const rule = columnWidths(fitted.flat()).map((width) => options.paint('dim', '─'.repeat(width)));
  const [first = [], ...rest] = fitted;
  return alignColumns([...first, rule, ...rest.flat()]);
};

/** The text inside a block, painted, with a newline for each hard line break. */
const inline = (tokens: readonly Token[], options: Page, styles: readonly Style[] = []): string =>
  tokens.map((token) => inlineToken(token, options, styles)).join('');

const inlineToken = (token: Token, options: Page, styles: readonly Style[]): string => {
  const painted = (text: string): string => (styles.length > 0 && text !== '' ? options.paint(styles, text) : text);
  switch (token.type) {
    case 'strong':
      return inline(childrenOf(token), options, [...styles, 'bold']);
    case 'em':
      return inline(childrenOf(token), options, [...styles, 'underline']);
    case 'codespan':
      return options.paint('green', holdTogether(options.colored ? oneLine(token.text) : `\`${oneLine(token.text)}\``));
    case 'link': {
      const { tokens, href, text } = token as Tokens.Link;
      const label = inline(tokens, options, [...styles, 'underline']);
      return href === text ? label : `${label} ${options.paint('dim', `(${href})`)}`;
    }
    case 'br':
      return '\n';
    default:
      if ('tokens' in token && token.tokens) return inline(token.tokens, options, styles);
      return painted(oneLine('text' in token ? String(token.text) : token.raw));
  }
};

const childrenOf = (token: Token): readonly Token[] =>
  'tokens' in token && token.tokens ? token.tokens : [{ type: 'text', raw: token.raw, text: token.raw } as Tokens.Text];

/** Removes the line breaks of the source, because lines break at the terminal's width. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
