// Chooses the endpoint of the next connection: round robin, or the endpoint that the client had before (ClientIP
// affinity).
import type { ProxyEndpoint } from '../types.ts';

interface Sticky {
  readonly endpoint: ProxyEndpoint;
  readonly lastUsedMs: number;
}

const none: ReadonlySet<string> = new Set();

export class Balancer {
  readonly #now: () => number;
  #endpoints: readonly ProxyEndpoint[] = [];
  #affinityMs: number | undefined;
  #turn: number;
  /** By the client's address, the least recently used first. */
  readonly #sticky = new Map<string, Sticky>();

  /**
   * @param now a monotonic clock, in milliseconds
   * @param random in [0, 1): each node starts with another endpoint, so that the first endpoint does not get most
   *   connections
   */
  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#turn = Math.floor(random() * 2 ** 16);
  }

  /** @param affinitySeconds undefined: none */
  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void {
    this.#endpoints = endpoints;
    this.#affinityMs = affinitySeconds === undefined ? undefined : affinitySeconds * 1000;
    const there = new Set(endpoints.map(({ address }) => address));
    for (const [client, { endpoint }] of this.#sticky) {
      if (this.#affinityMs === undefined || !there.has(endpoint.address)) this.#sticky.delete(client);
    }
  }

  /**
   * @param failed addresses of endpoints to which this client could not connect; used again only when there is no other
   * @returns undefined when there are no endpoints
   */
  next(client: string, failed: ReadonlySet<string> = none): ProxyEndpoint | undefined {
    this.#forgetExpired();
    const known = this.#sticky.get(client)?.endpoint;
    const endpoint = known && !failed.has(known.address) ? known : this.#takeTurn(failed);
    if (endpoint && this.#affinityMs !== undefined) {
      this.#sticky.delete(client);
      this.#sticky.set(client, { endpoint, lastUsedMs: this.#now() });
    }
    return endpoint;
  }

  /** Ends a client's affinity, because its endpoint refused packets. */
  release(client: string): void {
    this.#sticky.delete(client);
  }

  #takeTurn(failed: ReadonlySet<string>): ProxyEndpoint | undefined {
    const count = this.#endpoints.length;
    const start = this.#turn++;
    for (let step = 0; step < count; step++) {
      const endpoint = this.#endpoints[(start + step) % count];
      if (endpoint && !failed.has(endpoint.address)) {
        this.#turn += step;
        return endpoint;
      }
    }
    return this.#endpoints[start % count];
  }

  #forgetExpired(): void {
    const oldest = this.#now() - (this.#affinityMs ?? 0);
    for (const [client, { lastUsedMs }] of this.#sticky) {
      if (lastUsedMs > oldest) return;
      this.#sticky.delete(client);
    }
  }
}
