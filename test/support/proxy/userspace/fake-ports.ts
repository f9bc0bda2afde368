// Ports of a machine in memory, and relays that listen on them. test/contract/proxy compares it with real sockets.

import type { ProxyEndpoint } from '../../../../src/node/proxy/types.ts';
import type { Listener, Relay } from '../../../../src/node/proxy/userspace/relay.ts';

interface Bound {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  readonly relay: FakeRelay;
}

export class FakePorts {
  readonly bound = new Set<Bound>();
  #next = 40_000;

  createRelay(protocol: string): FakeRelay {
    return new FakeRelay(this, protocol);
  }

  /** @throws EADDRINUSE if a relay uses the port at the same address or at a wildcard address */
  bind(wanted: Bound): Bound {
    const bound = wanted.port === 0 ? { ...wanted, port: this.#next++ } : wanted;
    for (const other of this.bound) {
      if (other.port !== bound.port || other.protocol !== bound.protocol) continue;
      if (other.address === bound.address || isWildcard(other.address) || isWildcard(bound.address)) {
        throw Object.assign(new Error(`bind EADDRINUSE ${bound.address}:${bound.port}`), { code: 'EADDRINUSE' });
      }
    }
    this.bound.add(bound);
    return bound;
  }

  isOpen(protocol: string, port: number): boolean {
    return [...this.bound].some((bound) => bound.protocol === protocol && bound.port === port);
  }
}

export class FakeRelay implements Relay {
  readonly #ports: FakePorts;
  readonly #protocol: string;
  endpoints: readonly string[] = [];

  constructor(ports: FakePorts, protocol: string) {
    this.#ports = ports;
    this.#protocol = protocol;
  }

  async listen(address: string, port: number): Promise<Listener> {
    const bound = this.#ports.bind({ protocol: this.#protocol, address, port, relay: this });
    return { port: bound.port, close: () => this.#ports.bound.delete(bound) };
  }

  update(endpoints: readonly ProxyEndpoint[]): void {
    this.endpoints = endpoints.map(({ address }) => address);
  }

  close(): void {}
}

const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';
