// The commands that a task text or a hint shows, taken from the screen as a student selects them with the mouse.
import { stripVTControlCharacters, styleText } from 'node:util';
import { lexer, type Token, walkTokens } from 'marked';
import { renderMarkdown } from '../../src/host/cli/markdown.ts';
import { commandsIn, fenceWords } from '../../src/host/lab/fences.ts';

/** A code block on the screen. */
export interface Block {
  /** The machine where the commands run, or `host`. */
  readonly place: string;
  /** Each command with all its rows: a heredoc and a line that ends in `\` continue on the next row. */
  readonly commands: readonly string[];
}

/** The text as a terminal of 80 columns shows it in colours. */
export const onScreen = (source: string): string =>
  renderMarkdown(source, {
    width: 80,
    colored: true,
    paint: (style, text) => styleText(style as 'green', text, { validateStream: false }),
  });

/** The blocks of a screen. The source only tells where each block runs. */
export const blocksOn = (screen: string, source: string): readonly Block[] => {
  const places: string[] = [];
  walkTokens(lexer(source), (token: Token) => {
    if (token.type === 'code') places.push(fenceWords(token.lang ?? '').place);
  });
  const selected = selections(screen);
  if (selected.length !== places.length)
    throw new Error(`the screen shows ${selected.length} blocks, the text has ${places.length}:\n${screen}`);
  return selected.map((rows, index) => ({ place: places[index] ?? '', commands: commandsIn(rows) }));
};

/** Neighbouring rows that are green from the first column to the last. */
const selections = (screen: string): readonly (readonly string[])[] => {
  const found: string[][] = [];
  let previous = false;
  for (const row of screen.split('\n')) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const code = /^\u001b\[32m[^\u001b]+\u001b\[39m(\u001b\[2m[^\u001b]*\u001b\[22m)?$/.test(row);
    if (code && !previous) found.push([]);
    if (code) found.at(-1)?.push(stripVTControlCharacters(row));
    previous = code;
  }
  return found;
};
