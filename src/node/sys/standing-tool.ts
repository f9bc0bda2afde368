// A program that keeps running and answers questions on its standard input. Starting it for each question costs ten
// times as much.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { ExecError } from './exec.ts';

const timeoutMs = 10_000;
/** A tool that took this long has grown large; restart it. */
const restartAfterMs = 20;
/** The same for the first answer, which includes the start of the tool. */
const restartAfterFirstMs = 100;

/** The program ends when this process ends, because its standard input closes. */
export class StandingTool {
  readonly #argv: readonly string[];
  readonly #sentinel: string;
  #conversation: Conversation | undefined;

  /** @param sentinel the start of the line that the tool prints after each answer. No answer may contain it. */
  constructor(argv: readonly string[], sentinel: string) {
    this.#argv = argv;
    this.#sentinel = sentinel;
  }

  /**
   * Ask again only after the last question was answered. After a failure, the next question starts a new process.
   * @returns the output before the sentinel
   * @throws ExecError when the program cannot be started, ends, or does not answer within 10 s; the signal's reason
   *   when aborted
   */
  async ask(question: string, signal: AbortSignal): Promise<string> {
    const started = performance.now();
    const longestMs = this.#conversation ? restartAfterMs : restartAfterFirstMs;
    this.#conversation ??= new Conversation(this.#argv, this.#sentinel);
    try {
      const answer = await this.#conversation.ask(question, signal);
      if (performance.now() - started > longestMs) this.close();
      return answer;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#conversation?.kill();
    this.#conversation = undefined;
  }
}

/** Questions and answers of one process. */
class Conversation {
  readonly #argv: readonly string[];
  readonly #sentinel: string;
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';
  #errors = '';
  #check: () => void = () => {};
  #ended: Error | undefined;

  constructor(argv: readonly string[], sentinel: string) {
    this.#argv = argv;
    this.#sentinel = sentinel;
    const [command = '', ...args] = argv;
    this.#child = spawn(command, args, { stdio: 'pipe' });
    this.#child.on('error', (cause) => this.#end(new ExecError(argv, cause.message, undefined, cause)));
    // If the file descriptors ran out, there are no pipes. The `error` event reports the failed start.
    this.#child.stdin?.on('error', () => {});
    if (this.#child.pid === undefined) return;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#check();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-1000);
    });
    this.#child.on('close', (code) => {
      const result = { stdout: '', stderr: this.#errors, code: code ?? 137 };
      this.#end(new ExecError(argv, this.#errors.trim() || `exit code ${code}`, result));
    });
  }

  async ask(question: string, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#check = () => {
      const end = this.#output.indexOf(this.#sentinel);
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
      this.#child.stdin?.write(question);
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
