// Where a command writes: results go to standard output, remarks and errors go to standard error.
import { styleText } from 'node:util';
import type { ColorChoice } from './environment.ts';
import { rowsOf } from './pager.ts';
import { wrapLines } from './text.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'underline';
export type Paint = (style: Style | readonly Style[], text: string) => string;

export interface Output {
  /** Writes one line of the command's result. */
  line(text?: string): void;
  /** Writes to standard output as is. */
  write(text: string): void;
  /** Writes one line to standard error: progress, remarks, errors. */
  note(text: string): void;
  /** Gives commands in a text the form in which the user types them, before the text is laid out. */
  printed(text: string): string;
  /** From now on, commands in texts say that they mean this running lab. */
  nameLab(name: string): void;
  /** Shows what was written so far: if it is longer than the screen, in a pager. Does nothing without a pager. */
  flush(): Promise<void>;
  /** On a terminal, keeps these lines below all other output. `[]` removes them. */
  live(lines: readonly string[]): void;
  readonly paint: Paint;
  readonly colored: boolean;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** Standard input and output are terminals, so a person can answer questions. */
  readonly interactive: boolean;
  /** The columns of the terminal, but at least 40 and at most 80. */
  readonly width: number;
}

export interface OutputOptions {
  readonly color: ColorChoice;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Changes each text before it is written. @param lab the running lab that commands must name */
  readonly rewrite?: (text: string, lab: string | undefined) => string;
  /** Collects what is written to a terminal, and gives it to this pager. @returns false if it showed nothing */
  readonly pager?: (text: string) => Promise<boolean>;
}

export const createOutput = (options: OutputOptions): Output => {
  const { stdout, stderr, stdin, color, rewrite = (text) => text } = options;
  let lab: string | undefined;
  const printed = (text: string): string => rewrite(text, lab);
  const terminal = Boolean(stdout.isTTY);
  const colored = color === 'always' || (color === 'auto' && terminal);
  let shown: readonly string[] = [];
  const live = (lines: readonly string[]): void => {
    if (!terminal) return;
    const clear = shown.length > 0 ? `\r\u001b[${shown.length}A\u001b[J` : '';
    stdout.write(clear + lines.map((line) => `${line}\n`).join(''));
    shown = lines;
  };
  const aboveLive = (write: () => void): void => {
    const kept = shown;
    if (kept.length > 0) live([]);
    write();
    if (kept.length > 0) live(kept);
  };
  const width = (): number => Math.max(40, Math.min(stdout.columns ?? 80, 80));
  // On a terminal only: programs and searches in logs need whole lines.
  const fitted = (text: string): string => (terminal ? wrapLines(text, width()) : text);
  const { print, flush } = printer(options, terminal);
  return {
    line: (text = '') => aboveLive(() => print(`${printed(text)}\n`)),
    write: (text) => print(printed(text)),
    flush,
    note: (text) => aboveLive(() => stderr.write(`${fitted(printed(text))}\n`)),
    printed,
    nameLab(name) {
      lab = name;
    },
    live,
    // `colored` decides already, so styleText must not look at the stream and the environment.
    paint: (style, text) =>
      colored ? styleText(style as Parameters<typeof styleText>[0], text, { validateStream: false }) : text,
    colored,
    terminal,
    interactive: terminal && Boolean(stdin.isTTY),
    get width() {
      return width();
    },
  };
};

/** Writes at once, or collects the text for the pager. */
const printer = ({ stdout, pager }: OutputOptions, terminal: boolean): Printer => {
  if (!terminal || !pager) return { print: (text) => void stdout.write(text), flush: async () => {} };
  let collected = '';
  return {
    print(text) {
      collected += text;
    },
    async flush() {
      const text = collected;
      collected = '';
      const fits = rowsOf(text, stdout.columns || 80) < (stdout.rows || 24);
      if (text !== '' && (fits || !(await pager(text)))) stdout.write(text);
    },
  };
};

interface Printer {
  readonly print: (text: string) => void;
  readonly flush: () => Promise<void>;
}
