// Shows a text that is longer than the screen in a pager: $PAGER, else less.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import stringWidth from 'string-width';
import type { Environment } from './environment.ts';
import type { Interrupt } from './interrupt.ts';

export interface PagerOptions {
  /** The shell command of the pager. */
  readonly command: string;
  readonly variables: Environment['variables'];
  readonly interrupt: Pick<Interrupt, 'release' | 'listen'>;
}

/** -F ends at once if the text fits, -R shows colours, -X leaves the text on the screen. */
const less = 'less -FRX';

/**
 * The options of less, with a prompt: less's own is a colon, which tells nobody how to leave. `?e` asks whether this is
 * the end; `.`, `:` and `?` have a meaning in a prompt. The prompt is ASCII, because less garbles other letters in it.
 */
const lessOptions = 'FRX-Ps?eEND, q\\: leave:space\\: more, q\\: leave.$';

/** @returns the shell command of the pager, or undefined if there is none or the user wants none */
export const pagerIn = ({ variables, terminalType }: Environment): string | undefined => {
  if (terminalType === 'dumb') return undefined;
  const wanted = variables.PAGER ?? (isOnPath('less', variables.PATH) ? less : '');
  return ['', 'cat'].includes(wanted.trim()) ? undefined : wanted;
};

const isOnPath = (program: string, path = ''): boolean =>
  path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });

/** The rows that a text takes on a terminal with so many columns. */
export const rowsOf = (text: string, columns: number): number =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .reduce((rows, line) => rows + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);

/** Runs the pager until the user leaves it. @returns false if the pager could not be run, so nothing was shown */
export const showInPager = async (text: string, { command, variables, interrupt }: PagerOptions): Promise<boolean> => {
  // In the pager, Ctrl-C ends a search or the pager, but not labs.
  const ignore = (): void => {};
  interrupt.release();
  process.on('SIGINT', ignore);
  // Without LESSCHARSET, less shows Korean as numbers if LANG names a locale that this machine does not have.
  const optionsOfLess = { LESS: variables.LESS ?? lessOptions, LESSCHARSET: variables.LESSCHARSET ?? 'utf-8' };
  const env = { ...variables, ...optionsOfLess };
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'], env });
  const ended = Promise.withResolvers<boolean>();
  child.once('error', () => ended.resolve(false));
  // 126 and 127: the shell found no program that it could run.
  child.once('exit', (code) => ended.resolve(code !== 126 && code !== 127));
  // The user may leave the pager before the end of the text.
  child.stdin.on('error', ignore);
  child.stdin.end(text);
  try {
    return await ended.promise;
  } finally {
    process.off('SIGINT', ignore);
    interrupt.listen();
  }
};
