// Health check node ports: with externalTrafficPolicy Local, a load balancer asks each node whether it has an endpoint.
import { createServer, type Server } from 'node:http';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { sendJson } from './health.ts';
import type { ServiceView } from './types.ts';

export interface HealthCheckPort {
  /** `namespace/name` */
  readonly service: string;
  readonly port: number;
  /** Ready endpoints on this node. */
  readonly localEndpoints: number;
}

/** Several ports of a service share one health check: an endpoint counts once, by its address. */
export const healthCheckPorts = ({ ports, endpoints }: ServiceView): HealthCheckPort[] => {
  const found = new Map<string, { port: number; ips: Set<string> }>();
  for (const { key, service, healthCheckNodePort } of ports.values()) {
    if (healthCheckNodePort === 0) continue;
    const entry = found.get(service) ?? { port: healthCheckNodePort, ips: new Set<string>() };
    found.set(service, entry);
    for (const { ip, local, ready } of endpoints.get(key) ?? []) if (local && ready) entry.ips.add(ip);
  }
  return [...found].map(([service, { port, ips }]) => ({ service, port, localEndpoints: ips.size }));
};

/** Keeps one listener per health check port. */
export class ServiceHealth {
  readonly #servers = new Map<string, { readonly port: number; localEndpoints: number; readonly server: Server }>();
  readonly #log: Logger;
  readonly #proxyHealthy: () => boolean;

  constructor(log: Logger, proxyHealthy: () => boolean) {
    this.#log = log;
    this.#proxyHealthy = proxyHealthy;
  }

  sync(wanted: readonly HealthCheckPort[]): void {
    const byService = new Map(wanted.map((entry) => [entry.service, entry]));
    for (const [service, { port, server }] of this.#servers) {
      if (byService.get(service)?.port === port) continue;
      this.#log.info(2, 'Closing healthcheck', { service, port });
      server.close();
      server.closeAllConnections();
      this.#servers.delete(service);
    }
    for (const { service, port, localEndpoints } of wanted) {
      const known = this.#servers.get(service);
      if (known) known.localEndpoints = localEndpoints;
      else this.#open({ service, port, localEndpoints });
    }
  }

  close(): void {
    this.sync([]);
  }

  #open({ service, port, localEndpoints }: HealthCheckPort): void {
    this.#log.info(2, 'Opening healthcheck', { service, port });
    const server = createServer((_request, response) => {
      const count = this.#servers.get(service)?.localEndpoints ?? 0;
      const healthy = this.#proxyHealthy();
      const [namespace = '', name = ''] = service.split('/');
      response.setHeader('X-Load-Balancing-Endpoint-Weight', String(count));
      const body = { service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: healthy };
      sendJson(response, count > 0 && healthy ? 200 : 503, JSON.stringify(body, null, '\t'));
    });
    // The port may be taken for a moment by a predecessor; the next sync tries again.
    server.on('error', (error) => {
      this.#log.error('Failed to start healthcheck', error, { service, port, err: messageOf(error) });
      this.#servers.delete(service);
    });
    server.listen(port, '0.0.0.0');
    this.#servers.set(service, { port, localEndpoints, server });
  }
}
