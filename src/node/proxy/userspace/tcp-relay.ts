// TCP: kube-proxy connects to an endpoint and joins this connection to the client's. The endpoint sees the node's
// address.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ProxyEndpoint } from '../types.ts';
import { Balancer } from './balancer.ts';
import type { Listener, Relay, RelayOptions } from './relay.ts';
import { splice } from './splice.ts';

/** Time-out of each attempt, as in the original. Each attempt uses another endpoint if there is one. */
const dialTimeoutsMs = [250, 500, 1000, 2000];

/** Keep-alive probes find peers that are gone. These are the defaults of Go, which the original uses. */
const socketOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 };

/** Connections that may wait to be accepted. The kernel limits them, too (net.core.somaxconn). */
const backlog = 4096;

export class TcpRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #balancer = new Balancer();
  readonly #clients = new Set<Socket>();

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  async listen(address: string, port: number): Promise<Listener> {
    // Paused: what a client sends stays in the kernel until kube-proxy is connected to an endpoint.
    const server = createServer({ ...socketOptions, pauseOnConnect: true }, (client) => void this.#serve(client));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen({ host: address, port, ipv6Only: true, backlog, exclusive: true }, resolve);
    await promise;
    server.on('error', (error) => this.#options.log.error('Accept failed', error, this.#name()));
    return { port: portOf(server), close: () => void server.close() };
  }

  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void {
    this.#balancer.update(endpoints, affinitySeconds);
  }

  close(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  async #serve(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.on('error', () => {}).once('close', () => this.#clients.delete(client));
    const { log } = this.#options;
    if (log.enabled(3)) {
      const from = `${client.remoteAddress}:${client.remotePort}`;
      log.info(3, 'Accepted TCP connection from remote', { remoteAddress: from, localPort: client.localPort });
    }
    const endpoint = await this.#dial(client);
    if (!endpoint) client.resetAndDestroy();
    else if (client.destroyed) endpoint.resetAndDestroy();
    else splice(client, endpoint);
  }

  /** @returns undefined when there is no endpoint, or no endpoint answers */
  async #dial(client: Socket): Promise<Socket | undefined> {
    const { log } = this.#options;
    const from = client.remoteAddress ?? '';
    const failed = new Set<string>();
    for (const timeoutMs of dialTimeoutsMs) {
      const endpoint = this.#balancer.next(from, failed);
      if (!endpoint) {
        log.error("Couldn't find an endpoint for service", undefined, this.#name());
        return undefined;
      }
      if (log.enabled(3)) log.info(3, 'Mapped service to endpoint', { ...this.#name(), endpoint: endpoint.address });
      try {
        return await dial(endpoint, timeoutMs);
      } catch (error) {
        if (client.destroyed) return undefined;
        log.error('Dial failed', error, { ...this.#name(), endpoint: endpoint.address });
        failed.add(endpoint.address);
      }
    }
    log.error('Failed to connect to balancer', undefined, this.#name());
    return undefined;
  }

  #name(): { servicePortName: string } {
    return { servicePortName: this.#options.servicePortName };
  }
}

const dial = async ({ ip, port }: ProxyEndpoint, timeoutMs: number): Promise<Socket> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ ...socketOptions, host: ip, port });
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  socket.once('connect', resolve).on('error', reject);
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};
