// The links between the machines of a lab.
import { type Cidr, type Ipv4, ipv4ToNumber } from './scalars.ts';

export interface WireParams {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly links: readonly WireLink[];
  /** Of machines that get a new link. */
  readonly routes?: readonly WireRoute[];
}

/** One veth pair from a machine's namespace to a bridge. */
export interface Link {
  readonly interface: string;
  /** Absent: the interface has no address. */
  readonly address?: Ipv4;
  readonly prefix: number;
  /** Absent: no default route. */
  readonly gateway?: Ipv4;
  /** e.g. `02:42:c0:a8:38:0b`. Derived from the address, so that it is the same after each start. */
  readonly mac: string;
  /** The bridge of a further network, which has no address. Absent: the bridge of the nodes' network. */
  readonly bridge?: string;
  /** The bridge's end of the pair. Absent: its name comes from the address. */
  readonly port?: string;
}

export interface WireLink extends Link {
  /** The machine's name, e.g. `node01`. */
  readonly machine: string;
  /** Process id of the container's init, in the process namespace of the Docker engine. */
  readonly pid: number;
}

/** What was connected. */
export interface Wired {
  /** The machines that got a new link. */
  readonly wired: readonly string[];
  /** How many links were made. */
  readonly links: number;
}

export interface WireRoute {
  readonly machine: string;
  readonly to: Cidr | 'default';
  readonly via: Ipv4;
}

/**
 * The name of the bridge's end of a pair. It comes from the address, because a machine may be called `lo` or `lab0`.
 */
export const bridgePort = (address: Ipv4): string => `lab-${ipv4ToNumber(address).toString(16).padStart(8, '0')}`;

/** The bridge's end of a link. */
export const portOf = ({ port, address }: Pick<Link, 'port' | 'address'>): string =>
  port ?? (address === undefined ? '' : bridgePort(address));
