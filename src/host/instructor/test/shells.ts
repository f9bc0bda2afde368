// A shell for each machine, in which the commands of a text run one after the other, as if a student pasted them.
import type { ExecSession } from '../../docker/port.ts';
import type { Site } from './bench.ts';

export interface Ran {
  readonly exitCode: number;
  /** What it printed, both streams. */
  readonly output: string;
}

export interface RunningCommand {
  /** Resolves when the command has printed something, or has ended. */
  readonly begun: Promise<unknown>;
  readonly end: Promise<Ran | 'endless'>;
}

/** Variables that are set in one block are there in the next one of the same machine. */
export class Shells {
  readonly #site: Site;
  readonly #open = new Map<string, Promise<Shell>>();
  readonly #limitMs: number;

  constructor(site: Site, limitMs: number) {
    this.#site = site;
    this.#limitMs = limitMs;
  }

  /** Starts a command, and waits for the one before it in the same shell. */
  async start(place: string, command: string, signal: AbortSignal): Promise<RunningCommand> {
    let shell = this.#open.get(place);
    if (!shell) {
      shell = open(this.#site, place);
      this.#open.set(place, shell);
    }
    const running = (await shell).start(command, { limitMs: this.#limitMs, signal });
    // The shell that ran an endless command is not used again. Its program ends with the cluster.
    void running.end.then((ran) => (ran === 'endless' ? this.#close(place) : undefined)).catch(() => {});
    return running;
  }

  async run(place: string, command: string, signal: AbortSignal): Promise<Ran | 'endless'> {
    return (await this.start(place, command, signal)).end;
  }

  async close(): Promise<void> {
    for (const place of [...this.#open.keys()]) await this.#close(place);
  }

  async #close(place: string): Promise<void> {
    const shell = this.#open.get(place);
    this.#open.delete(place);
    (await shell?.catch(() => undefined))?.close();
  }
}

interface Shell {
  start(command: string, options: { readonly limitMs: number; readonly signal: AbortSignal }): RunningCommand;
  close(): void;
}

/** A login shell, as `labs shell` opens it; a shell of the author's machine for `host`. */
const open = async (site: Site, place: string): Promise<Shell> => {
  const session: ExecSession =
    place === 'host'
      ? await site.openHost(['bash'])
      : await site.open(place, {
          command: ['bash', '-l'],
          environment: { PAGER: 'cat', TERM: 'dumb', LANG: 'C.UTF-8' },
          folder: '/root',
        });
  return shellOn(session);
};

const shellOn = (session: ExecSession): Shell => {
  let seen = '';
  let heard = (): void => {};
  let gone = false;
  const hear = (chunk: Buffer): void => {
    seen += chunk.toString();
    heard();
  };
  session.stdout.on('data', hear);
  session.stderr.on('data', hear);
  session.exitCode
    .catch(() => 1)
    .then(() => {
      gone = true;
      heard();
    });
  session.stdin.on('error', () => {});
  session.stdin.write('exec 2>&1\n');
  let count = 0;
  let before: Promise<unknown> = Promise.resolve();
  return {
    start(command, { limitMs, signal }) {
      count += 1;
      const mark = `labs-test-${process.pid}-${count}`;
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      const work = async (): Promise<Ran | 'endless'> => {
        await before;
        seen = '';
        // No program may read what is meant for the shell, and a syntax error must not end the shell.
        session.stdin.write(`eval ${quote(command)} </dev/null; printf '\\n%s %s\\n' ${mark} "$?"\n`);
        const { promise, resolve, reject } = Promise.withResolvers<Ran | 'endless'>();
        const timer = setTimeout(() => resolve('endless'), limitMs);
        const abort = (): void => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        heard = () => {
          if (seen !== '') begin();
          const found = new RegExp(`\\n?${mark} (\\d+)\\n`).exec(seen);
          if (found) resolve({ exitCode: Number(found[1]), output: seen.slice(0, found.index).trim() });
          else if (gone) resolve({ exitCode: 1, output: seen.trim() });
        };
        heard();
        return promise.finally(() => {
          heard = () => {};
          begin();
          clearTimeout(timer);
          signal.removeEventListener('abort', abort);
        });
      };
      const end = work();
      before = end.catch(() => {});
      return { begun, end };
    },
    close() {
      session.stdin.end();
      session.close();
    },
  };
};

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
