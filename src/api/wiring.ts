// The links between the machines of a lab.
import { type Cidr, type Ipv4, ipv4ToNumber } from './scalars.ts';

export interface WireParams {
  readonly bridge: { readonly name: string; readonly address: Ipv4; readonly prefix: number };
  readonly links: readonly WireLink[];
  /** Of machines that get a new link. */
  readonly routes?: readonly WireRoute[];
}

/**
 * What the bridge's end of a link does to the packets that it sends to the machine. The texts are those of lab.yaml,
 * which tc takes, too. An absent one changes nothing.
 */
export interface LinkQuality {
  /** e.g. `20ms`. */
  readonly delay?: string;
  /** The delay varies by so much. Needs `delay`. */
  readonly jitter?: string;
  /** e.g. `5%`. */
  readonly loss?: string;
  /** e.g. `10mbit`. */
  readonly rate?: string;
}

export type QualityField = keyof LinkQuality;
export const qualityFields: readonly QualityField[] = ['delay', 'jitter', 'loss', 'rate'];

/** `delay 20ms, loss 5%` */
export const qualityText = (quality: LinkQuality = {}): string =>
  qualityFields.flatMap((field) => (quality[field] === undefined ? [] : [`${field} ${quality[field]}`])).join(', ');

/** The kernel's queues, and their modules. A rate alone needs no netem, which fewer kernels have. */
export const queueModules = { netem: 'sch_netem', tbf: 'sch_tbf' } as const;
export type QueueKind = keyof typeof queueModules;

export const queueKind = ({ rate, ...others }: LinkQuality): QueueKind | undefined => {
  if (Object.keys(others).length > 0) return 'netem';
  return rate === undefined ? undefined : 'tbf';
};

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
  /** Absent: as fast as the kernel can. */
  readonly quality?: LinkQuality;
}

/** A container whose machine is to be started in it. */
export interface BootMachine {
  readonly machine: string;
  /** Process 1 of the container, in the process-id namespace of the engine. */
  readonly pid: number;
  /** A name that no other machine of the engine has, for its control groups. */
  readonly group: string;
  /** Root's id outside of the machine. Absent: root of the engine's machine. */
  readonly ids?: number;
}

export interface BootParams {
  readonly machines: readonly BootMachine[];
}

export interface Booted {
  /** Machine → its process 1, in the process-id namespace of the engine. */
  readonly inits: Readonly<Record<string, number>>;
}

export interface WireLink extends Link {
  /** The machine's name, e.g. `node01`. */
  readonly machine: string;
  /** Process 1 of the machine, in the process-id namespace of the engine. */
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
