// Bounds the work for one packet.

/** The rules were written to keep whoever follows them busy. The kernel itself takes one of the ways. */
export class TraceLimitError extends Error {
  override readonly name = 'TraceLimitError';
}

/** Counts what a walk has cost so far. */
export class Budget {
  #steps = 0;
  /** A packet through 10,000 services with thousands of endpoints needs a tenth of this. */
  readonly maxSteps = 200_000;
  readonly maxWays = 20_000;
  /** @param steps how many packets meet a rule @param ways how many packets there are, with those that left */
  spend(steps: number, ways: number, where: string): void {
    this.#steps += steps;
    if (ways > this.maxWays) throw new TraceLimitError(`a packet has more than ${this.maxWays} ways through ${where}`);
    if (this.#steps > this.maxSteps) throw new TraceLimitError(`a packet meets more than ${this.maxSteps} rules`);
  }
}
