// The code blocks of a Markdown text: where their commands run, and which of them are meant to fail.
import { lexer, type Token, type Tokens, walkTokens } from 'marked';
import { parse } from 'unbash';

export interface Fence {
  /** The machine where the commands run, or `host`. */
  readonly place: string;
  /** The commands work only once the task is solved. */
  readonly after: boolean;
  /** Words behind the machine that are no marks. */
  readonly unknown: readonly string[];
  readonly commands: readonly FencedCommand[];
}

export interface FencedCommand {
  /** All its lines: a heredoc and a line that ends in `\` go on in the next one. */
  readonly text: string;
  /** It is meant to end with another exit code than 0. */
  readonly fails: boolean;
  /** It runs on while the next block runs. */
  readonly meanwhile: boolean;
}

/** All blocks of a text, in order. Blocks without a machine are no commands. */
export const fencesOf = (source: string): readonly Fence[] => {
  const blocks: Tokens.Code[] = [];
  walkTokens(lexer(source), (token: Token) => {
    if (token.type === 'code') blocks.push(token as Tokens.Code);
  });
  return blocks.flatMap(({ lang = '', text }) => {
    const { place, fails, meanwhile, after, unknown } = fenceWords(lang);
    if (place === '') return [];
    const commands = commandsIn(text.split('\n'));
    return [
      {
        place,
        after,
        unknown,
        commands: commands.map((command, index) => {
          const number = index + 1;
          const last = number === commands.length;
          return {
            text: command,
            fails: (fails === 'last' ? last : fails.includes(number)) || /(^|\s)# fails\b/.test(command),
            meanwhile: meanwhile && last,
          };
        }),
      },
    ];
  });
};

export interface FenceWords extends Pick<Fence, 'place' | 'after' | 'unknown'> {
  /** Which commands are meant to fail: their numbers, from 1. */
  readonly fails: 'last' | readonly number[];
  readonly meanwhile: boolean;
}

/** The words after the three backticks: a machine and marks, such as `node01 fails=1,3 after` or `node01 meanwhile`. */
export const fenceWords = (info: string): FenceWords => {
  const [place = '', ...marks] = info.trim().split(/\s+/);
  const mark = marks.find((each) => failsMark.test(each));
  const [, numbers] = mark?.split('=') ?? [];
  const listed = (numbers ?? '').split(',').map(Number);
  return {
    place,
    fails: mark === undefined ? [] : numbers === undefined ? 'last' : listed,
    meanwhile: marks.includes('meanwhile'),
    after: marks.includes('after'),
    unknown: marks.filter((each) => !failsMark.test(each) && each !== 'meanwhile' && each !== 'after'),
  };
};

const failsMark = /^fails(=\d+(,\d+)*)?$/;

/** Whether bash would wait for more: a quote, a loop, an `if` or a `case` has begun that does not end here. */
const isUnfinished = (text: string): boolean =>
  (parse(text).errors ?? []).some(({ message }) => /^(unterminated|expected) /.test(message));

/** Whether a heredoc has begun whose last line is missing: bash takes the end of the file for it, with a warning. */
const hasOpenDocument = (rows: readonly string[]): boolean =>
  rows.some((row, index) => {
    const delimiter = /<<-?\s*['"]?(\w+)/.exec(row)?.[1];
    return delimiter !== undefined && !rows.slice(index + 1).includes(delimiter);
  });

/** Lines → commands. What does not end is a command all the same. */
export const commandsIn = (rows: readonly string[]): readonly string[] => {
  const commands: string[] = [];
  let command: string[] = [];
  for (const row of rows) {
    command.push(row);
    if (row.endsWith('\\') || hasOpenDocument(command) || isUnfinished(command.join('\n'))) continue;
    commands.push(command.join('\n'));
    command = [];
  }
  if (command.length > 0) commands.push(command.join('\n'));
  return commands.filter((each) => each.trim() !== '');
};
