// The sockets of one service port: its relays, and the ports that it reserves. The backend opens them before rules lead
// to them, and closes them after the rules are gone.
import type { Logger } from '../../../kit/logger.ts';
import type { ServicePort } from '../types.ts';
import type { Categories } from '../view/categorize.ts';
import type { RelayPorts } from './build-portals.ts';
import { incomingSocket, ownSocket, type Reach, reachesOf, type SocketSpec, socketsOf } from './destinations.ts';
import type { Place } from './place.ts';
import type { PortRange } from './port-range.ts';
import type { Listener, Relay } from './relay.ts';

/** The open sockets of a service port. Rules are built from it. */
export interface Opened {
  readonly relays: Readonly<Partial<Record<Reach, RelayPorts>>>;
  /** Ids of destinations whose port another program uses. */
  readonly taken: ReadonlySet<string>;
  /** Sockets that couldn't be opened this time. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly socket: SocketSpec;
  readonly error: unknown;
}

export type RelayedPort = Pick<ServicePort, 'portName' | 'protocol'>;

export interface PortalEnvironment {
  readonly range: PortRange;
  readonly log: Logger;
  readonly createRelay: (service: RelayedPort) => Relay;
}

export class Portal {
  readonly #service: RelayedPort;
  readonly #environment: PortalEnvironment;
  readonly #relays = new Map<Reach, Relay>();
  readonly #listeners = new Map<string, Listener>();

  constructor(service: RelayedPort, environment: PortalEnvironment) {
    this.#service = service;
    this.#environment = environment;
  }

  /** From now on, new connections go to these endpoints. Existing connections stay as they are. */
  direct(service: ServicePort, categories: Categories): void {
    for (const reach of reachesOf(service)) {
      this.#relay(reach).update(categories[reach], service.affinitySeconds);
    }
  }

  /** Opens the sockets that are missing. */
  async open(service: ServicePort, place: Place): Promise<Opened> {
    const failures: Failure[] = [];
    for (const socket of socketsOf(service, place)) {
      if (this.#listeners.has(socket.id)) continue;
      try {
        this.#listeners.set(socket.id, await this.#listen(socket));
      } catch (error) {
        failures.push({ socket, error });
      }
    }
    const taken = new Set(failures.flatMap(({ socket }) => socket.reserves ?? []));
    return { relays: this.#portsOf(service, place), taken, failures };
  }

  logFailures(failures: readonly Failure[]): void {
    const { portName: servicePortName, protocol } = this.#service;
    const { log } = this.#environment;
    for (const { socket, error } of failures) {
      const { address, port, reserves } = socket;
      if (reserves === undefined) log.error('Failed to start proxy for service', error, { servicePortName });
      else log.error("Can't open port for service", error, { servicePortName, port: `${address}:${port}/${protocol}` });
    }
  }

  /**
   * Closes sockets that the service port does not need.
   * @param service undefined: the service port is gone
   * @returns whether a socket was closed
   */
  trim(service: ServicePort | undefined, place: Place): boolean {
    const wanted = new Set(service ? socketsOf(service, place).map(({ id }) => id) : []);
    const surplus = [...this.#listeners].filter(([id]) => !wanted.has(id));
    for (const [id, listener] of surplus) {
      listener.close();
      this.#listeners.delete(id);
    }
    return surplus.length > 0;
  }

  /** Closes all sockets and ends all connections. */
  close(): void {
    for (const listener of this.#listeners.values()) listener.close();
    for (const relay of this.#relays.values()) relay.close();
  }

  async #listen({ reach, address, port, reserves }: SocketSpec): Promise<Listener> {
    const { range, log } = this.#environment;
    const relay = this.#relay(reach);
    if (reserves !== undefined) {
      const listener = await relay.listen(address, port);
      log.info(2, 'Claimed local port', { port: `${address}:${port}/${this.#service.protocol}` });
      return listener;
    }
    const listener = await range.open((free) => relay.listen(address, free));
    const { portName: servicePortName, protocol } = this.#service;
    log.info(2, 'Proxying for service', { servicePortName, protocol, portNumber: listener.port });
    return listener;
  }

  #relay(reach: Reach): Relay {
    const relay = this.#relays.get(reach) ?? this.#environment.createRelay(this.#service);
    this.#relays.set(reach, relay);
    return relay;
  }

  #portsOf(service: ServicePort, place: Place): Opened['relays'] {
    const found: Partial<Record<Reach, RelayPorts>> = {};
    for (const reach of reachesOf(service)) {
      const incoming = this.#listeners.get(incomingSocket(reach, place))?.port;
      const own = this.#listeners.get(ownSocket(service, reach, place))?.port;
      if (incoming !== undefined && own !== undefined) found[reach] = { incoming, own };
    }
    return found;
  }
}
