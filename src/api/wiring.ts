// The links between the machines of a lab.
import { type Ipv4, ipv4ToNumber } from './scalars.ts';

export interface WireParams {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly links: readonly WireLink[];
}

/** One veth pair from a container's namespace to the bridge. */
export interface WireLink {
  /** The machine's name, e.g. `node01`. */
  readonly machine: string;
  /** Process id of the container's init, in the process namespace of the Docker engine. */
  readonly pid: number;
  readonly interface: string;
  readonly address: Ipv4;
  readonly prefix: number;
  readonly gateway: Ipv4;
  /** e.g. `02:42:c0:a8:38:0b`. Derived from the address, so that it is the same after each start. */
  readonly mac: string;
}

/**
 * The name of the bridge's end of a pair. It comes from the address, because a machine may be called `lo` or `lab0`.
 */
export const bridgePort = (address: Ipv4): string => `lab-${ipv4ToNumber(address).toString(16).padStart(8, '0')}`;
