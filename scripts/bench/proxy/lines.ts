// Reads a program's output line by line, with the time of each, and waits for a wanted line.

/** Longer than the slowest sync. */
const patienceMs = 900_000;

export interface Line {
  readonly text: string;
  /** Time as of `performance.now()`. */
  readonly at: number;
}

export class Lines {
  readonly #heard: Line[] = [];
  readonly #listeners = new Set<() => void>();
  #closed = false;

  push(text: string): void {
    this.#heard.push({ text, at: performance.now() });
    this.#tell();
  }

  close(): void {
    this.#closed = true;
    this.#tell();
  }

  /** Forgets all lines so far. */
  clear(): void {
    this.#heard.length = 0;
  }

  /**
   * Resolves with the first line that fits. Forgets this line and all earlier lines.
   * @param what describes the wanted line in the error
   */
  async next(what: string, fits: (text: string) => boolean, timeoutMs = patienceMs): Promise<Line> {
    const line = await this.#wait(what, fits, timeoutMs);
    this.#heard.splice(0, this.#heard.indexOf(line) + 1);
    return line;
  }

  async #wait(what: string, fits: (text: string) => boolean, timeoutMs: number): Promise<Line> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = this.#heard.find(({ text }) => fits(text));
      if (found) return found;
      const last = this.#heard.at(-1)?.text ?? 'nothing';
      if (this.#closed) throw new Error(`${what}: the program ended. Last line: ${last}`);
      if (performance.now() > deadline)
        throw new Error(`${what}: not within ${timeoutMs / 1000} s. Last line: ${last}`);
      await this.#change(deadline - performance.now());
    }
  }

  /** The time of a line with this text. Unlike `next`, forgets nothing, so several callers can wait at once. */
  async heard(text: string): Promise<number> {
    return (await this.#wait(text, (line) => line === text, patienceMs)).at;
  }

  #change(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#listeners.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(resolve);
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
