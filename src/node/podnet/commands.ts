// Computes the commands that turn the present network into the wanted one. Pure.
import { type Cidr, cidrContains, cidrRange, type Ipv4 } from '../../api/scalars.ts';
import type { Route } from '../sys/iproute.ts';
import { bridgeName, type Network, type Vxlan, vxlanDevice } from './network.ts';

/** The present state of the kernel. */
export interface Observed {
  readonly links: readonly string[];
  readonly routes: readonly Route[];
  /** The entries of the VXLAN device. Empty in mode routes. */
  readonly neighbours: ReadonlyMap<string, string>;
  readonly forwarding: ReadonlyMap<string, string>;
}

/** One program with its arguments. */
export type Command = readonly string[];

export const commandsFor = (wanted: Network, observed: Observed, clusterCidr: Cidr): Command[] => [
  ...bridgeCommands(wanted, observed),
  ...(wanted.routes ? betweenNodes({ ...wanted, routes: wanted.routes }, observed, clusterCidr) : []),
];

type Connected = Network & Required<Pick<Network, 'routes'>>;

const betweenNodes = (wanted: Connected, observed: Observed, clusterCidr: Cidr): Command[] => [
  ...(wanted.vxlan ? vxlanCommands(wanted.vxlan, wanted.bridge.mtu, observed) : removeVxlan(observed)),
  ...routeCommands(wanted, observed, clusterCidr),
];

/**
 * The kernel removes the route of the bridge when the bridge loses its address or goes down. So if the route is
 * present, the bridge is up and has its address.
 */
const bridgeCommands = ({ bridge }: Network, { links, routes }: Observed): Command[] => {
  const exists = links.includes(bridgeName);
  if (exists && routes.some(({ destination, device }) => destination === bridge.podCidr && device === bridgeName))
    return [];
  const make = ['ip', 'link', 'add', bridgeName, 'address', bridge.mac, 'mtu', String(bridge.mtu), 'type', 'bridge'];
  return [
    ...(exists ? [] : [make]),
    ['ip', 'address', 'replace', bridge.address, 'dev', bridgeName],
    ['ip', 'link', 'set', bridgeName, 'up'],
  ];
};

/** Uses the VNI and the port of flannel. */
const vxlanCommands = (vxlan: Vxlan, mtu: number, observed: Observed): Command[] => {
  const { device, local, mac, address, peers } = vxlan;
  const exists = observed.links.includes(device);
  const make = [
    ...['ip', 'link', 'add', device, 'address', mac, 'mtu', String(mtu)],
    ...['type', 'vxlan', 'id', '1', 'local', local, 'dstport', '8472', 'nolearning'],
  ];
  const wanted = new Map(peers.map((peer) => [peer.mac, peer]));
  return [
    ...(exists ? [] : [make, ['ip', 'address', 'replace', `${address}/32`, 'dev', device]]),
    ...(exists && isUp(vxlan, observed) ? [] : [['ip', 'link', 'set', device, 'up']]),
    ...peers.flatMap((peer) => [
      ...(observed.neighbours.get(peer.gateway) === peer.mac
        ? []
        : [['ip', 'neighbour', 'replace', peer.gateway, 'lladdr', peer.mac, 'dev', device, 'nud', 'permanent']]),
      ...(observed.forwarding.get(peer.mac) === peer.nodeIp
        ? []
        : [['bridge', 'fdb', 'replace', peer.mac, 'dev', device, 'dst', peer.nodeIp]]),
    ]),
    ...[...observed.forwarding]
      .filter(([mac]) => !wanted.has(mac))
      .map(([mac, dst]) => ['bridge', 'fdb', 'delete', mac, 'dev', device, 'dst', dst]),
    ...[...observed.neighbours]
      .filter(([, mac]) => !wanted.has(mac))
      .map(([neighbour]) => ['ip', 'neighbour', 'delete', neighbour, 'dev', device]),
  ];
};

/** A device that goes down loses its routes. */
const isUp = ({ device, peers }: Vxlan, { routes }: Observed): boolean =>
  peers.length === 0 || routes.some((route) => route.device === device);

const removeVxlan = ({ links }: Observed): Command[] =>
  links.includes(vxlanDevice) ? [['ip', 'link', 'delete', vxlanDevice]] : [];

const routeCommands = (wanted: Connected, observed: Observed, clusterCidr: Cidr): Command[] => {
  const destinations = new Set(wanted.routes.map(({ destination }) => destination));
  const { prefix } = cidrRange(wanted.bridge.podCidr);
  // Routes with another prefix length within the pod network belong to other programs.
  const gone = observed.routes.filter(
    ({ destination, gateway, device }) =>
      gateway !== undefined &&
      (device !== vxlanDevice || wanted.vxlan !== undefined) &&
      !destinations.has(destination) &&
      cidrRange(destination).prefix === prefix &&
      cidrContains(clusterCidr, destination.split('/')[0] as Ipv4),
  );
  const missing = wanted.routes.filter((route) => !observed.routes.some((present) => isSame(route, present)));
  return [
    ...gone.map(({ destination, gateway = '' }) => ['ip', 'route', 'delete', destination, 'via', gateway]),
    ...missing.map(({ destination, gateway = '', device, onLink }) => [
      ...['ip', 'route', 'replace', destination, 'via', gateway],
      ...(device === '' ? [] : ['dev', device]),
      ...(onLink ? ['onlink'] : []),
    ]),
  ];
};

const isSame = (wanted: Route, present: Route): boolean =>
  wanted.destination === present.destination &&
  wanted.gateway === present.gateway &&
  (wanted.device === '' || wanted.device === present.device);
