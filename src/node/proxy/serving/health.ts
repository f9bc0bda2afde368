// Serves /healthz (may a load balancer send traffic to this node?) and /livez (does kube-proxy keep up with changes?).
import { createServer, type Server } from 'node:http';
import type { IpFamily } from '../types.ts';
import { json, type Page, routes } from './http.ts';

interface FamilyState {
  /** Time of the last successful sync; undefined before the first one. */
  lastUpdated: Date | undefined;
  /** Arrival time of the oldest change that waits for a sync. */
  oldestPending: number | undefined;
}

/** Healthy means: every family was synced at least once, and no change has waited longer than `staleAfterMs`. */
export class ProxyHealth {
  readonly #families: ReadonlyMap<IpFamily, FamilyState>;
  readonly #staleAfterMs: number;
  /** False while the node is being removed from the cluster. */
  nodeEligible = true;
  /** Number of answers by path and status code. */
  readonly answers: Readonly<Record<'healthz' | 'livez', Record<number, number>>> = { healthz: {}, livez: {} };

  constructor(families: readonly IpFamily[], staleAfterMs: number) {
    this.#families = new Map(families.map((family) => [family, { lastUpdated: undefined, oldestPending: undefined }]));
    this.#staleAfterMs = staleAfterMs;
  }

  queued(family: IpFamily): void {
    const state = this.#families.get(family);
    if (state) state.oldestPending ??= performance.now();
  }

  updated(family: IpFamily): void {
    const state = this.#families.get(family);
    if (!state) return;
    state.lastUpdated = new Date();
    state.oldestPending = undefined;
  }

  get healthy(): boolean {
    return [...this.#families.values()].every((state) => this.#isHealthy(state));
  }

  /** The body has the original's fields. */
  report(livez: boolean): { readonly code: number; readonly body: unknown } {
    const now = new Date();
    const { healthy } = this;
    const status = Object.fromEntries(
      [...this.#families].map(([family, state]) => [
        family,
        { lastUpdated: state.lastUpdated ?? null, healthy: this.#isHealthy(state) },
      ]),
    );
    const good = healthy && (livez || this.nodeEligible);
    // A good answer has the present time, as in versions that synced periodically.
    const lastUpdated = good ? now : (this.#lastUpdated ?? null);
    const body = {
      lastUpdated,
      currentTime: now,
      ...(livez ? {} : { nodeEligible: this.nodeEligible }),
      healthy,
      status,
    };
    return { code: good ? 200 : 503, body };
  }

  /** Of the unhealthy family if there is one, else of the family that was synced last. */
  get #lastUpdated(): Date | undefined {
    const states = [...this.#families.values()];
    const unhealthy = states.find((state) => state.lastUpdated !== undefined && !this.#isHealthy(state));
    const times = states.flatMap(({ lastUpdated }) => lastUpdated ?? []);
    return unhealthy?.lastUpdated ?? times.toSorted((a, b) => b.getTime() - a.getTime())[0];
  }

  #isHealthy({ lastUpdated, oldestPending }: FamilyState): boolean {
    if (lastUpdated === undefined) return false;
    return oldestPending === undefined || performance.now() - oldestPending < this.#staleAfterMs;
  }
}

export const createHealthServer = (health: ProxyHealth): Server => {
  const page = (path: 'healthz' | 'livez') => (): Page => {
    const { code, body } = health.report(path === 'livez');
    const answers = health.answers[path];
    answers[code] = (answers[code] ?? 0) + 1;
    return json(code, JSON.stringify(body));
  };
  return createServer(routes({ '/healthz': page('healthz'), '/livez': page('livez') }));
};
