// Serves health check node ports. With externalTrafficPolicy Local, a load balancer asks each node whether it has an
// endpoint.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '../../../kit/logger.ts';
import type { ServiceView } from '../types.ts';
import { json, sendPage } from './http.ts';

export interface HealthCheckPort {
  /** `namespace/name` */
  readonly service: string;
  readonly port: number;
  /** Number of ready endpoints on this node. */
  readonly localEndpoints: number;
}

/** All ports of a service share one health check, so each endpoint address counts once. */
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

export interface ServiceHealthOptions {
  readonly log: Logger;
  readonly proxyHealthy: () => boolean;
  /** Where to listen: `0.0.0.0`, `::`, or the node port addresses of the family. */
  readonly addresses: () => readonly string[];
}

interface Listening {
  readonly port: number;
  readonly addresses: string;
  localEndpoints: number;
  readonly servers: readonly Server[];
}

/** Opens and closes the listeners of health check ports for one address family. */
export class ServiceHealth {
  readonly #listening = new Map<string, Listening>();
  readonly #options: ServiceHealthOptions;

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  sync(wanted: readonly HealthCheckPort[]): void {
    const { log } = this.#options;
    const byService = new Map(wanted.map((entry) => [entry.service, entry]));
    const addresses = this.#options.addresses();
    for (const [service, { port, addresses: known }] of this.#listening) {
      if (byService.get(service)?.port !== port || known !== addresses.join()) this.#close(service);
    }
    for (const { service, port, localEndpoints } of wanted) {
      const known = this.#listening.get(service);
      if (known) known.localEndpoints = localEndpoints;
      else this.#open({ service, port, localEndpoints }, addresses);
      log.info(4, 'Reporting endpoints for healthcheck', { endpointCount: localEndpoints, service });
    }
  }

  close(): void {
    this.sync([]);
  }

  #close(service: string): void {
    const { port, servers } = this.#listening.get(service) ?? { port: 0, servers: [] };
    this.#listening.delete(service);
    this.#options.log.info(2, 'Closing healthcheck', { service, port });
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  #open({ service, port, localEndpoints }: HealthCheckPort, addresses: readonly string[]): void {
    const { log } = this.#options;
    log.info(2, 'Opening healthcheck', { service, port });
    const servers: Server[] = addresses.map((address) => {
      const server = createServer((_request, response) => this.#answer(service, response));
      // A previous kube-proxy may still hold the port; the next sync tries again.
      server.on('error', (error) => {
        log.error('Failed to start healthcheck', error, { service, port, address });
        if (this.#listening.get(service)?.servers === servers) this.#close(service);
      });
      return server.listen({ port, host: address, ipv6Only: true });
    });
    this.#listening.set(service, { port, addresses: addresses.join(), localEndpoints, servers });
  }

  #answer(service: string, response: ServerResponse): void {
    const count = this.#listening.get(service)?.localEndpoints ?? 0;
    const healthy = this.#options.proxyHealthy();
    const [namespace = '', name = ''] = service.split('/');
    const body = { service: { namespace, name }, localEndpoints: count, serviceProxyHealthy: healthy };
    response.setHeader('X-Load-Balancing-Endpoint-Weight', String(count));
    sendPage(response, json(count > 0 && healthy ? 200 : 503, JSON.stringify(body, null, '\t')));
  }
}
