// What stands between clients and a set of endpoints, whatever the protocol: sockets that listen, and a choice for each client.
import type { Logger } from '../../../kit/logger.ts';
import type { ProxyEndpoint } from '../types.ts';

/** A socket that listens. */
export interface Listener {
  readonly port: number;
  /** Nobody new comes in; TCP connections that exist go on. */
  close(): void;
}

export interface Relay {
  /**
   * @param port 0: any that is free
   * @throws the system's error, `EADDRINUSE` for instance
   */
  listen(address: string, port: number): Promise<Listener>;
  /** Takes effect for new connections at once. UDP flows to endpoints that are gone end. */
  update(endpoints: readonly ProxyEndpoint[], affinitySeconds: number | undefined): void;
  /** Ends all that is under way. */
  close(): void;
}

export interface RelayOptions {
  readonly log: Logger;
  /** As in logs. */
  readonly servicePortName: string;
}
