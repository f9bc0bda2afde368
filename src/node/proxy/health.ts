// /healthz and /livez: may a load balancer send this node traffic, and is kube-proxy keeping up?
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { IpFamily } from './types.ts';

interface FamilyState {
  /** When its rules were last brought up to date; undefined: never. */
  lastUpdated: Date | undefined;
  /** Since when a change waits for a sync. */
  oldestPending: number | undefined;
}

/** Healthy: every family was synced at least once, and no change has waited longer than `staleAfterMs`. */
export class ProxyHealth {
  readonly #families: ReadonlyMap<IpFamily, FamilyState>;
  readonly #staleAfterMs: number;
  /** False while the node is being removed from the cluster. */
  nodeEligible = true;

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

  /** As the original's body. */
  report(livez: boolean): { readonly code: number; readonly body: unknown } {
    const now = new Date();
    const { healthy } = this;
    const status = Object.fromEntries(
      [...this.#families].map(([family, state]) => [
        family,
        { lastUpdated: state.lastUpdated ?? null, healthy: this.#isHealthy(state) },
      ]),
    );
    const times = [...this.#families.values()].map(({ lastUpdated }) => lastUpdated);
    const lastUpdated = healthy ? now : (times.find((time) => time !== undefined) ?? null);
    const body = {
      lastUpdated,
      currentTime: now,
      ...(livez ? {} : { nodeEligible: this.nodeEligible }),
      healthy,
      status,
    };
    return { code: healthy && (livez || this.nodeEligible) ? 200 : 503, body };
  }

  #isHealthy({ lastUpdated, oldestPending }: FamilyState): boolean {
    if (lastUpdated === undefined) return false;
    return oldestPending === undefined || performance.now() - oldestPending < this.#staleAfterMs;
  }
}

export const createHealthServer = (health: ProxyHealth): Server =>
  createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/healthz' && path !== '/livez') return sendText(response, 404, '404 page not found\n');
    const { code, body } = health.report(path === '/livez');
    sendJson(response, code, JSON.stringify(body));
  });

export const sendJson = (response: ServerResponse, code: number, body: string): void => {
  response.writeHead(code, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' }).end(body);
};

export const sendText = (response: ServerResponse, code: number, body: string): void => {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8' }).end(body);
};

/** @param address `0.0.0.0:10256`, `[::]:10256`, or empty for none */
export const listen = (server: Server, address: string, signal: AbortSignal): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const separator = address.lastIndexOf(':');
  const host = address.slice(0, separator).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(separator + 1));
  server.once('error', reject);
  server.listen({ port, ...(host === '' ? {} : { host }), signal }, () => {
    server.off('error', reject);
    server.on('error', () => {});
    resolve();
  });
  signal.addEventListener('abort', () => server.closeAllConnections(), { once: true });
  return promise;
};
