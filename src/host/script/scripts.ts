// Runs a lab's scripts in a process of their own, so that a script can neither stop labs nor write into its output.
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../kit/error.ts';
import type { HandleFacts, LabCalls } from './calls.ts';
import type { FromScript, Problem, ToScript } from './messages.ts';
import { endedEarly, noExport, notLoaded, thrown, tooLate } from './problems.ts';

export interface Scripts {
  /**
   * Calls the first of the functions `names` that the script exports.
   * @throws LabError `LAB_SCRIPT_BROKEN` when there is none, the script cannot be loaded, takes too long or ends its
   *   process; `LAB_SCRIPT_FAILED` when the function throws, or the code of the handle's error that it did not catch
   */
  run(file: string, options: RunOptions): Promise<unknown>;
  /** The names of the functions that the script exports. @throws LabError `LAB_SCRIPT_BROKEN` */
  exportsOf(file: string): Promise<readonly string[]>;
}

export interface RunOptions {
  readonly names: readonly string[];
  /** What the script's handle asks for, carried out here, in labs. */
  readonly calls: LabCalls;
  readonly timeoutMs: number;
  /** The script changes nothing. It is run again when another script ended the process that both share. */
  readonly repeatable?: boolean;
  readonly signal: AbortSignal;
}

export interface ScriptsOptions {
  /** Takes each line that the scripts print. */
  readonly log?: (line: string) => void;
}

/** The process ends when it had no work for this long, so that the next run sees edited scripts. */
const idleMs = 1000;
/** Loading a script takes much less. */
const loadMs = 10_000;
/** A process that is not busy answers within a millisecond. */
const pongMs = 500;

/** A shared process is started when it is needed. It does not keep labs running. */
export const createScripts = ({ log = () => {} }: ScriptsOptions = {}): Scripts => {
  let shared: ScriptProcess | undefined;
  const start = async (job: Job): Promise<unknown> => {
    if (!shared?.isOpen) shared = new ScriptProcess(log);
    const first = await shared.start(job);
    if (first !== 'again') return first.value;
    // Which of the scripts in the process was to blame? Alone, each one shows it.
    const own = new ScriptProcess(log);
    const second = await own.start(job).finally(() => own.end());
    if (second === 'again') throw new Error('a script alone in its process is never to be run again');
    return second.value;
  };
  return {
    run: (file, options) => start({ ...options, file }),
    async exportsOf(file) {
      const job: Job = { file, names: [], timeoutMs: loadMs, repeatable: true, signal: new AbortController().signal };
      return (await start(job)) as readonly string[];
    },
  };
};

/** Without calls, the job lists what the script exports. */
interface Job extends Omit<RunOptions, 'calls'> {
  readonly file: string;
  readonly calls?: LabCalls;
}

type Outcome = { readonly value: unknown } | 'again';

interface Waiting {
  readonly job: Job;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (error: unknown) => void;
}

class ScriptProcess {
  /** Takes further jobs. */
  isOpen = true;
  readonly #child: ChildProcess;
  readonly #jobs = new Map<number, Waiting>();
  /** Errors of the calls, by number. */
  readonly #errors = new Map<number, unknown>();
  #serial = 0;
  #wasShared = false;
  #lost: Problem | undefined;
  #pong = (): void => {};
  #idle: NodeJS.Timeout | undefined;

  constructor(log: (line: string) => void) {
    this.#child = fork(entry(), [String(process.pid)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      // A process group of its own: programs that a script leaves behind end with it.
      detached: true,
      // A script that needs more memory than this has a fault.
      execArgv: ['--max-old-space-size=512'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream) createInterface({ input: stream }).on('line', log);
    this.#child.on('message', (message: FromScript) => void this.#hear(message));
    this.#child.on('error', (error) => this.#ended(messageOf(error)));
    this.#child.on('exit', (code, signal) => {
      const ended = (): void => this.#ended(signal ?? `exit code ${code}`);
      // The last messages may come after the end.
      if (this.#child.connected) this.#child.once('disconnect', ended);
      else ended();
    });
  }

  /** Resolves with `again` when the process ended and another script may be the reason. */
  start(job: Job): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const id = ++this.#serial;
    clearTimeout(this.#idle);
    this.#child.ref();
    this.#child.channel?.ref();
    this.#wasShared ||= this.#jobs.size > 0;
    const timer = setTimeout(() => void this.#late(id), job.timeoutMs);
    const abort = (): void => {
      this.#take(id)?.fail(job.signal.reason);
      this.#close();
    };
    job.signal.addEventListener('abort', abort, { once: true });
    const over = (): void => {
      clearTimeout(timer);
      job.signal.removeEventListener('abort', abort);
    };
    this.#jobs.set(id, {
      job,
      settle(outcome) {
        over();
        resolve(outcome);
      },
      fail(error) {
        over();
        reject(error);
      },
    });
    const { file, names, calls } = job;
    if (job.signal.aborted) abort();
    else if (calls)
      this.#send({ do: 'run', job: id, file, names, handle: factsOf(calls), answers: calls.answer !== undefined });
    else this.#send({ do: 'list', job: id, file });
    return promise;
  }

  end(): void {
    this.isOpen = false;
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended.
    }
  }

  async #hear(message: FromScript): Promise<void> {
    switch (message.say) {
      case 'done':
        return this.#take(message.job)?.settle({ value: message.value });
      case 'failed': {
        const waiting = this.#jobs.get(message.job);
        const error = waiting && this.#errorOf(waiting.job, message.problem);
        return this.#take(message.job)?.fail(error);
      }
      case 'lost':
        this.#lost = message.problem;
        return;
      case 'pong':
        return this.#pong();
      case 'call':
        return this.#answer(message);
    }
  }

  async #answer({ job, call, method, args }: Extract<FromScript, { say: 'call' }>): Promise<void> {
    const calls = this.#jobs.get(job)?.job.calls as
      | Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
      | undefined;
    try {
      this.#send({ do: 'answer', call, value: await calls?.[method]?.(...args) });
    } catch (error) {
      this.#errors.set(call, error);
      this.#send({ do: 'refuse', call, message: messageOf(error) });
    }
  }

  #errorOf({ file, names }: Job, problem: Problem): unknown {
    if (problem.why === 'not loaded') return notLoaded(file, problem);
    if (problem.why === 'no export') return noExport(file, names);
    const known = problem.call === undefined ? undefined : this.#errors.get(problem.call);
    return thrown(file, problem, known);
  }

  /** A script that waits for something leaves the others alone. One that never yields stops them, too. */
  async #late(id: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#pong = () => resolve(true);
    this.#send({ do: 'ping' });
    const answers = await Promise.race([promise, delay(pongMs, false)]);
    const waiting = this.#jobs.get(id);
    if (!waiting) return;
    if (answers || !this.#wasShared || waiting.job.repeatable !== true) {
      this.#take(id);
      waiting.fail(tooLate(waiting.job.file, waiting.job.timeoutMs));
      if (answers) return this.#close();
    }
    this.end();
  }

  #ended(how: string): void {
    this.isOpen = false;
    clearTimeout(this.#idle);
    for (const [id, { job, settle, fail }] of this.#jobs) {
      this.#jobs.delete(id);
      if (this.#wasShared && job.repeatable === true) settle('again');
      else fail(this.#lost ? thrown(job.file, this.#lost) : endedEarly(job.file, how));
    }
  }

  /** Takes no further jobs, and ends after the last one. */
  #close(): void {
    this.isOpen = false;
    if (this.#jobs.size === 0) this.end();
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (this.#jobs.size > 0) return waiting;
    this.#wasShared = false;
    if (!this.isOpen) this.end();
    // A script may still call labs, although its function has returned.
    this.#errors.clear();
    this.#child.unref();
    this.#child.channel?.unref();
    this.#idle = setTimeout(() => this.end(), idleMs).unref();
    return waiting;
  }

  #send(message: ToScript): void {
    // The process may have ended. Its end is told by its own event.
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

const factsOf = ({ lab, language, nodes, clients, machines, params }: LabCalls): HandleFacts => ({
  ...{ lab, language, nodes, clients, machines, params },
});

/** The program of the process: a source, or a bundle beside labs' own or above its chunk. */
const entry = (): string => {
  const places = ['child.ts', 'script.js', '../script.js'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = places.find((path) => existsSync(path));
  if (!found) throw new Error(`labs is incomplete: ${places.at(-1)} is missing`);
  return found;
};
