// Chooses the port on which a relay listens (`--proxy-port-range`).
import type { UserspaceConfig } from '../config/config.ts';
import type { Listener } from './relay.ts';

type Listen = (port: number) => Promise<Listener>;

export class PortRange {
  readonly #range: UserspaceConfig['portRange'];
  #next: number;

  /** @param range undefined: the kernel chooses the port */
  constructor(range: UserspaceConfig['portRange']) {
    this.#range = range;
    this.#next = range?.from ?? 0;
  }

  /** @throws what `listen` throws; Error when every port of the range is taken */
  async open(listen: Listen): Promise<Listener> {
    if (!this.#range) return listen(0);
    const { from, to } = this.#range;
    for (let attempt = from; attempt <= to; attempt++) {
      const port = this.#next;
      this.#next = port === to ? from : port + 1;
      try {
        return await listen(port);
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    throw new Error(`all ports from ${from} to ${to} are in use: widen --proxy-port-range`);
  }
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
