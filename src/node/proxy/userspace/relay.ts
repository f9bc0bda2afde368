// A relay, whatever the protocol: it listens for clients, and passes the data of each client to one of its endpoints
// and back.
import type { Logger } from '../../../kit/logger.ts';
import type { ProxyEndpoint } from '../types.ts';

/** A listening socket. */
export interface Listener {
  readonly port: number;
  /** Stops listening. Existing TCP connections stay. */
  close(): void;
}

export interface Relay {
  /**
   * @param port 0: any free port
   * @throws the system's error, `EADDRINUSE` for instance
   */
  listen(address: string, port: number): Promise<Listener>;
  /** Replaces the endpoints for new connections. UDP flows to removed endpoints end. */
  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void;
  /** Ends all connections and flows. */
  close(): void;
}

export interface RelayOptions {
  readonly log: Logger;
  /** For logs. */
  readonly servicePortName: string;
}
