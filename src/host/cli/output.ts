// Where a command's words go: results to standard output, errors to standard error, colours only where they are wanted.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'underline';
export type Paint = (style: Style | readonly Style[], text: string) => string;

export interface Output {
  /** Writes one line of the command's result. */
  line(text?: string): void;
  /** Writes to standard output as is. */
  write(text: string): void;
  /** Writes one line beside the result: progress, remarks, errors. */
  note(text: string): void;
  /** Keeps these lines below everything else that is written, in place; `[]` takes them away. On terminals only. */
  live(lines: readonly string[]): void;
  readonly paint: Paint;
  readonly colored: boolean;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** A person can be asked: standard input and output are terminals. */
  readonly interactive: boolean;
  /** Columns to write in; 80 where nothing says otherwise. */
  readonly width: number;
}

export interface OutputOptions {
  readonly color: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Started by npx: `labs` alone is then not on the PATH, and commands that are named must say so. */
  readonly byNpx?: boolean;
}

const commandInText =
  /(?<![\w./-]|npx )labs (?=(?:start|stop|status|tasks|check|hint|answer|grade|solve|shell|kubectl|logs|reset|delete|setup|doctor|image|list|--name|--help)\b|--)/g;

export const createOutput = (options: OutputOptions): Output => {
  const { stdout, stderr, stdin } = options;
  const terminal = Boolean(stdout.isTTY);
  const colored = options.color && terminal;
  const named = (text: string): string => (options.byNpx ? text.replace(commandInText, 'npx labs ') : text);
  let shown: readonly string[] = [];
  const live = (lines: readonly string[]): void => {
    if (!terminal) return;
    const clear = shown.length > 0 ? `\r\u001b[${shown.length}A\u001b[J` : '';
    stdout.write(clear + lines.map((line) => `${line}\n`).join(''));
    shown = lines;
  };
  const around = (write: () => void): void => {
    const kept = shown;
    if (kept.length > 0) live([]);
    write();
    if (kept.length > 0) live(kept);
  };
  return {
    line: (text = '') => void around(() => stdout.write(`${named(text)}\n`)),
    write: (text) => void stdout.write(named(text)),
    note: (text) => void around(() => stderr.write(`${named(text)}\n`)),
    live,
    paint: (style, text) =>
      colored ? styleText(style as Parameters<typeof styleText>[0], text, { validateStream: false }) : text,
    colored,
    terminal,
    interactive: terminal && Boolean(stdin.isTTY),
    get width() {
      return Math.max(40, Math.min(stdout.columns ?? 80, 100));
    },
  };
};
