// Reads links, addresses, routes and neighbours of the node's network namespace. Prefers /proc, because callers read
// every few seconds and starting a program is expensive. /proc does not list all addresses with their links, so `ip`
// lists the addresses.

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { IpFamily } from '../../api/ip.ts';
import { type Cidr, type Ipv4, parseIpv4 } from '../../api/scalars.ts';
import { ExecError, runOk } from './exec.ts';

/** A route of the main table. */
export interface Route {
  readonly destination: Cidr;
  readonly gateway?: Ipv4;
  readonly device: string;
  /** The gateway is reachable on the link although no address of the link is in its subnet (`ip route … onlink`). */
  readonly onLink?: boolean;
}

/** An address of this machine and its link. */
export interface LinkAddress {
  readonly link: string;
  readonly address: string;
}

/**
 * All addresses of this machine, also of links that are down or have no carrier, such as a bridge without ports. The
 * kernel accepts packets to these addresses, but Node's `networkInterfaces` omits them. Without the program `ip`, this
 * function returns the addresses from `networkInterfaces`. Takes some milliseconds.
 * @throws ExecError when `ip` fails, because an incomplete list would be wrong
 */
export const listAddresses = (family: IpFamily): LinkAddress[] => {
  const argv = ['ip', '-oneline', family === 'IPv6' ? '-6' : '-4', 'address', 'show'] as const;
  const [command, ...args] = argv;
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: longestListing });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return addressesByNode(family);
  if (error || status !== 0) throw new ExecError(argv, error?.message ?? stderr.trim(), undefined, error);
  return [...stdout.matchAll(/^\d+: ([^\s@]+)\S*\s+inet6? ([^\s/]+)/gm)].map(([, link = '', address = '']) => ({
    link,
    address,
  }));
};

/** In bytes. Ten thousand services in ipvs mode need about 1 MB. */
const longestListing = 2 ** 28;

const addressesByNode = (family: IpFamily): LinkAddress[] =>
  Object.entries(networkInterfaces())
    .flatMap(([link, addresses = []]) =>
      addresses.map(({ address }) => ({ link, address: address.replace(/%.*/, '') })),
    )
    .filter(({ address }) => isIPv6(address) === (family === 'IPv6'));

/** The main table's IPv4 routes, from /proc/net/route. */
export const readRoutes = async (): Promise<Route[]> => parseRoutes(await readFile('/proc/self/net/route', 'utf8'));

/** Addresses are hexadecimal, in host byte order. All supported machines are little-endian. */
export const parseRoutes = (table: string): Route[] =>
  table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [device = '', destination = '', gateway = '', , , , , mask = ''] = line.split('\t');
      const prefix = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
      const via = address(gateway);
      return {
        destination: `${address(destination)}/${prefix}` as Cidr,
        device,
        ...(via === '0.0.0.0' ? {} : { gateway: via }),
      };
    });

const address = (hex: string): Ipv4 => parseIpv4(Buffer.from(hex, 'hex').reverse().join('.'));

/** Permanent neighbours (ARP entries) by address, from /proc/net/arp. */
export const readNeighbours = async (device: string): Promise<Map<string, string>> =>
  parseNeighbours(await readFile('/proc/self/net/arp', 'utf8'), device);

/** Flag 0x4 is ATF_PERM. */
export const parseNeighbours = (table: string, device: string): Map<string, string> =>
  new Map(
    table
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/\s+/))
      .filter(([, , flags = '', , , on]) => on === device && (Number(flags) & 4) !== 0)
      .map(([neighbour = '', , , mac = '']) => [neighbour, mac]),
  );

/** The names of all links. From /proc, since /sys may have been mounted in another network namespace. */
export const readLinks = async (): Promise<string[]> => {
  const table = await readFile('/proc/self/net/dev', 'utf8');
  return [...table.matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = '']) => name);
};

/** The forwarding entries of a VXLAN device: MAC address → IP address of the other node. */
export const readForwarding = async (device: string): Promise<Map<string, string>> => {
  const { stdout } = await runOk(['bridge', '-json', 'fdb', 'show', 'dev', device]);
  const entries = JSON.parse(stdout || '[]') as { mac: string; dst?: string }[];
  return new Map(entries.flatMap(({ mac, dst }) => (dst === undefined ? [] : [[mac, dst] as const])));
};
