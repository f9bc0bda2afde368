// UDP: each client (address and port) gets its own socket to one endpoint, until both have been silent for some time.
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram';
import type { IpFamily, ProxyEndpoint } from '../types.ts';
import { Balancer } from './balancer.ts';
import type { Listener, Relay, RelayOptions } from './relay.ts';
import { UdpFlow } from './udp-flow.ts';

/**
 * Clients at a time. With more, the client that was silent longest loses its socket. Its next packet opens a new one.
 */
const defaultMaxFlows = 4096;

export interface UdpRelayOptions extends RelayOptions {
  readonly family: IpFamily;
  /** How long a flow may be silent before it is closed. */
  readonly idleMs: number;
  /** Default 4,096. */
  readonly maxFlows?: number;
}

interface UdpListener {
  readonly socket: Socket;
  readonly name: string;
}

export class UdpRelay implements Relay {
  readonly #options: UdpRelayOptions;
  readonly #balancer = new Balancer();
  /** By the names of the listener and the client, the longest silent first. */
  readonly #flows = new Map<string, UdpFlow>();
  /** Flows whose endpoint was removed, with their keys. Replies may still arrive. */
  readonly #leaving = new Map<UdpFlow, string>();

  constructor(options: UdpRelayOptions) {
    this.#options = options;
  }

  async listen(address: string, port: number): Promise<Listener> {
    const { log, family, servicePortName } = this.#options;
    const socket = openSocket(family);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('error', reject).bind({ address, port, exclusive: true }, resolve);
    try {
      await promise;
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', (error) => log.error('ReadFrom failed', error, { servicePortName }));
    const { port: bound } = socket.address();
    const listener = { socket, name: `${address} ${bound}` };
    socket.on('message', (message, client) => this.#relay(listener, message, client));
    return { port: bound, close: () => this.#closeListener(listener) };
  }

  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void {
    this.#balancer.update(endpoints, affinitySeconds);
    const there = new Set(endpoints.map(({ address }) => address));
    for (const [key, flow] of this.#flows) {
      if (there.has(flow.endpoint.address)) continue;
      this.#flows.delete(key);
      this.#leaving.set(flow, key);
      flow.closeSoon();
    }
  }

  close(): void {
    for (const flow of [...this.#flows.values(), ...this.#leaving.keys()]) flow.close();
  }

  #relay(listener: UdpListener, message: Buffer, client: RemoteInfo): void {
    const key = `${listener.name} ${client.address} ${client.port}`;
    const flow = this.#flows.get(key) ?? this.#openFlow(key, listener, client);
    if (!flow) return;
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    flow.send(message);
  }

  #openFlow(key: string, listener: UdpListener, client: RemoteInfo): UdpFlow | undefined {
    const { log, family, servicePortName, idleMs, maxFlows = defaultMaxFlows } = this.#options;
    const endpoint = this.#balancer.next(client.address);
    if (!endpoint) {
      log.error("Couldn't find an endpoint for service", undefined, { servicePortName });
      return undefined;
    }
    log.info(3, 'New UDP connection from client', { servicePortName, client: `${client.address}:${client.port}` });
    log.info(3, 'Mapped service to endpoint', { servicePortName, endpoint: endpoint.address });
    const oldest = this.#flows.size >= maxFlows ? this.#flows.values().next().value : undefined;
    oldest?.close();
    return new UdpFlow(openSocket(family), {
      ...{ endpoint, idleMs },
      onAnswer: (answer) => listener.socket.send(answer, client.port, client.address, () => {}),
      onFailure: (error) => {
        log.error('Read failed', error, { servicePortName, endpoint: endpoint.address });
        this.#balancer.release(client.address);
      },
      onClose: (flow) => {
        if (!this.#leaving.delete(flow)) this.#flows.delete(key);
      },
    });
  }

  #closeListener({ socket, name }: UdpListener): void {
    const leaving = [...this.#leaving].map(([flow, key]) => [key, flow] as const);
    for (const [key, flow] of [...this.#flows, ...leaving]) if (key.startsWith(`${name} `)) flow.close();
    socket.close();
  }
}

/** A socket without name resolution, because addresses are always literal. */
const openSocket = (family: IpFamily): Socket => {
  const version = family === 'IPv6' ? 6 : 4;
  const lookup: SocketOptions['lookup'] = (hostname, _options, callback) => callback(null, hostname, version);
  return createSocket({ type: version === 6 ? 'udp6' : 'udp4', ipv6Only: version === 6, lookup });
};
