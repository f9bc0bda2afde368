// Leaves out service ports whose rules the kernel refuses, so that they do not keep the rules of all others from the
// kernel: for example session affinity on a kernel without its module. It stands in front of a mode's backend.
import { formatGoDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { ExecError } from '../sys/exec.ts';
import { XtablesLocked } from '../sys/netfilter.ts';
import type { Backend, Update, Written } from './backend.ts';
import type { PortKey, ServiceView } from './types.ts';

export interface QuarantineOptions {
  readonly backend: Backend;
  readonly log: Logger;
  /** Milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** Failures in a row until the search. It interrupts services, so a cause that passes must not start it. */
const patience = 5;

/** Time until a service port that was left out is tried again. It doubles with each refusal. */
const firstPauseMs = 30_000;
const longestPauseMs = 3_600_000;

export class Quarantine {
  readonly #options: QuarantineOptions;
  /** Service ports that are left out → when they are tried again. */
  readonly #excluded = new Map<PortKey, number>();
  /** The last pauses of service ports that are left out or tried again. */
  readonly #pauses = new Map<PortKey, number>();
  #failures = 0;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Whether a service port is to be tried again. A full update does it. */
  get retryDue(): boolean {
    return this.#due().length > 0;
  }

  /**
   * As the backend's `write`. After five failures in a row, searches the service ports that cause them and leaves them
   * out.
   */
  async write(update: Update, signal: AbortSignal): Promise<Written> {
    this.#readmit(update);
    try {
      const written = await this.#try(update, new Set(), signal);
      this.#succeeded();
      return written;
    } catch (error) {
      signal.throwIfAborted();
      if (!isRefusal(error)) throw error;
      this.#failures += 1;
      if (this.#failures < patience || !update.full) throw error;
      const written = await this.#search(update, error, signal);
      this.#succeeded();
      return written;
    }
  }

  #due(): PortKey[] {
    const now = this.#now();
    return [...this.#excluded].flatMap(([key, retryAt]) => (retryAt <= now ? [key] : []));
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))();
  }

  /** Tries service ports again that are due or have changed, and forgets those that are gone. */
  #readmit({ view, changed, full }: Update): void {
    if (full) for (const key of this.#due()) this.#excluded.delete(key);
    for (const key of [...this.#excluded.keys(), ...this.#pauses.keys()]) {
      if (view.ports.has(key) && !changed.has(key)) continue;
      this.#excluded.delete(key);
      this.#pauses.delete(key);
    }
  }

  #succeeded(): void {
    this.#failures = 0;
    for (const key of this.#pauses.keys()) if (!this.#excluded.has(key)) this.#pauses.delete(key);
  }

  #try(update: Update, left: ReadonlySet<PortKey>, signal: AbortSignal): Promise<Written> {
    const view = without(update.view, [...left, ...this.#excluded.keys()]);
    return this.#options.backend.write({ ...update, view }, signal);
  }

  /**
   * First leaves out a group of service ports with which the kernel accepts all others. Then adds the group's halves
   * again, and the halves of those that the kernel refuses.
   * @throws the first error if the kernel refuses even the rules that do not depend on services
   */
  async #search(update: Update, cause: unknown, signal: AbortSignal): Promise<Written> {
    for (const group of this.#groups(update)) {
      const { written } = await this.#attempt(update, new Set(group), signal);
      if (written) return this.#addAgain(update, group, written, signal);
    }
    throw cause;
  }

  /** Groups that may have the cause: what changed or was left out before, half of the service ports, or all of them. */
  #groups({ view, changed }: Update): PortKey[][] {
    const all = [...view.ports.keys()].filter((key) => !this.#excluded.has(key));
    const likely = all.filter((key) => changed.has(key) || this.#pauses.has(key));
    const groups = [...(likely.length < all.length ? [likely] : []), ...halves(all), all];
    return groups.filter(({ length }) => length > 0);
  }

  async #addAgain(update: Update, group: PortKey[], first: Written, signal: AbortSignal): Promise<Written> {
    const left = new Set(group);
    const queue = halves(group);
    let last: Written | undefined = first;
    for (let keys = queue.shift(); keys; keys = queue.shift()) {
      for (const key of keys) left.delete(key);
      // After a refusal, what is in the kernel is unknown.
      const next = { ...update, changed: new Set(keys), full: last === undefined, nodeChanged: false };
      const { written, error } = await this.#attempt(next, left, signal);
      last = written;
      if (written) continue;
      for (const key of keys) left.add(key);
      const [only] = keys;
      if (keys.length === 1 && only !== undefined) this.#exclude(only, update.view, error);
      else queue.unshift(...halves(keys));
    }
    return { ...(last ?? (await this.#try(update, new Set(), signal))), full: true };
  }

  async #attempt(update: Update, left: ReadonlySet<PortKey>, signal: AbortSignal) {
    try {
      return { written: await this.#try(update, left, signal), error: undefined };
    } catch (error) {
      signal.throwIfAborted();
      if (!isRefusal(error)) throw error;
      return { written: undefined, error };
    }
  }

  #exclude(key: PortKey, { ports }: ServiceView, error: unknown): void {
    const pauseMs = Math.min(longestPauseMs, 2 * (this.#pauses.get(key) ?? firstPauseMs / 2));
    this.#pauses.set(key, pauseMs);
    this.#excluded.set(key, this.#now() + pauseMs);
    const servicePortName = ports.get(key)?.portName ?? key;
    const retryIn = formatGoDuration(pauseMs);
    const reason = new Error(messageOf(error).slice(0, 500));
    this.#options.log.error('Leaving out a service port that the kernel refuses', reason, { servicePortName, retryIn });
  }
}

const without = (view: ServiceView, keys: readonly PortKey[]): ServiceView => {
  if (keys.length === 0) return view;
  const ports = new Map(view.ports);
  for (const key of keys) ports.delete(key);
  return { ...view, ports };
};

const halves = <T>(items: readonly T[]): T[][] => {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].filter(({ length }) => length > 0);
};

/** Whether the tool ran to its end. Otherwise the rules are not the cause. */
const isRefusal = (error: unknown): boolean => {
  if (error instanceof XtablesLocked) return false;
  return !(error instanceof ExecError) || (error.result !== undefined && error.result.code < 128);
};
