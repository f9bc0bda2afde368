// Looks at single chains of the packet filter again and again. One iptables-restore stays for it and lists what it is asked for:
// to start a program for each look would cost ten times as much.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { ExecError } from './exec.ts';
import type { Flavour } from './iptables-flavour.ts';
import { type NetfilterFamily, toolOf } from './netfilter.ts';

export interface ChainQuery {
  readonly table: string;
  readonly chain: string;
}

export interface ChainListing extends ChainQuery {
  /** Rules that lead here; undefined for a built-in chain. */
  readonly references: number | undefined;
  /** What each rule leads to; empty for one that leads nowhere. */
  readonly targets: readonly string[];
}

export interface ChainLister {
  /**
   * One at a time.
   * @returns a listing for each query; undefined where one of the chains isn't there
   * @throws ExecError when the tool can't be started, can't get the lock, or doesn't answer; the signal's reason when aborted
   */
  list(queries: readonly ChainQuery[], signal: AbortSignal): Promise<readonly ChainListing[] | undefined>;
  close(): void;
}

const timeoutMs = 10_000;
/** The legacy tool reads the whole table, and keeps the memory: one that took so long is not kept. */
const keptMs = 20;
/** iptables' exit code for a lock that another program held too long, or a kernel out of memory. */
const lacksResource = 4;

/** @param prefix a program that runs the tool elsewhere, e.g. `ip netns exec NAME` */
export const createChainLister = (
  family: NetfilterFamily,
  prefix: readonly string[] = [],
  flavour: Flavour = 'default',
): ChainLister => {
  // `-w` without a time: with one, the legacy tool leaves an alarm behind, which ends it that much later while it waits for the next question.
  const argv = [...prefix, `${toolOf(family, flavour)}-restore`, '-w', '--noflush'];
  let standing: StandingTool | undefined;
  const close = (): void => {
    standing?.kill();
    standing = undefined;
  };
  return {
    async list(queries, signal) {
      const started = performance.now();
      standing ??= new StandingTool(argv);
      try {
        const answer = await standing.ask(questionOf(queries), signal);
        if (performance.now() - started > keptMs) close();
        return parseListings(queries, answer);
      } catch (error) {
        close();
        if (isRefusal(error)) return undefined;
        throw error;
      }
    },
    close,
  };
};

/** Of a chain that isn't there the tool says so, and ends. */
const isRefusal = (error: unknown): boolean => {
  const result = error instanceof ExecError ? error.result : undefined;
  return result !== undefined && result.code > 0 && result.code < 128 && result.code !== lacksResource;
};

/** The last thing asked for, in a form that nothing else is printed in. */
const sentinel = '-P POSTROUTING ';

/** The nf_tables tool lets go of what it printed when it begins the next list: so there is one at the end that nobody reads. */
const questionOf = (queries: readonly ChainQuery[]): string => {
  const tables = Map.groupBy(queries, ({ table }) => table);
  const sections = [...tables].map(([table, chains]) => {
    const lines = chains.map(({ chain }) => `-L ${chain} -n\n`);
    return `*${table}\n${lines.join('')}COMMIT\n`;
  });
  return `${sections.join('')}*mangle\n-S POSTROUTING\nCOMMIT\n*mangle\n-S INPUT\nCOMMIT\n`;
};

const parseListings = (queries: readonly ChainQuery[], answer: string): ChainListing[] => {
  const ordered = [...Map.groupBy(queries, ({ table }) => table).values()].flat();
  // What precedes the first heading is the rest of the last answer: what followed the sentinel.
  const [, ...texts] = `\n${answer}`.split(/\nChain /);
  return texts.flatMap((text, index) => {
    const query = ordered[index];
    if (!query) return [];
    const [heading = '', , ...rules] = text.split('\n').filter((line) => line !== '');
    const references = /\((\d+) references\)/.exec(heading)?.[1];
    const targets = rules.map((line) => line.split(' ', 1)[0] ?? '');
    return [{ ...query, references: references === undefined ? undefined : Number(references), targets }];
  });
};

/** Takes questions on its standard input; ends by itself when this process does. */
class StandingTool {
  readonly #argv: readonly string[];
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';
  #errors = '';
  #check: () => void = () => {};
  #ended: Error | undefined;

  constructor(argv: readonly string[]) {
    this.#argv = argv;
    const [command = '', ...args] = argv;
    this.#child = spawn(command, args, { stdio: 'pipe' });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
      this.#check();
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-1000);
    });
    this.#child.on('error', (cause) => this.#end(new ExecError(argv, cause.message, undefined, cause)));
    this.#child.on('close', (code) => {
      const result = { stdout: '', stderr: this.#errors, code: code ?? 137 };
      this.#end(new ExecError(argv, this.#errors.trim() || `exit code ${code}`, result));
    });
  }

  /** @returns what was printed up to the sentinel */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#check = () => {
      const end = this.#output.indexOf(sentinel);
      const newline = end < 0 ? -1 : this.#output.indexOf('\n', end);
      if (newline >= 0) {
        resolve(this.#output.slice(0, end));
        this.#output = this.#output.slice(newline + 1);
      } else if (this.#ended) reject(this.#ended);
    };
    const abort = (): void => reject(signal.reason);
    const late = (): void => reject(new ExecError(this.#argv, `no answer within ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
      this.#child.stdin.write(question);
      this.#check();
      return await promise;
    } finally {
      this.#check = () => {};
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#check();
  }
}
