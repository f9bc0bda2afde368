// The link layer: who receives a frame that leaves by a link for a next hop, and which bridges carry it there.
import type { NodeLink } from '../node/links.ts';
import type { Cluster, Machine } from './model.ts';

/** A bridge or a tunnel that a frame passes. */
export type Crossing =
  | {
      readonly kind: 'bridge';
      readonly machine: Machine;
      readonly bridge: string;
      readonly fromPort: string | undefined;
      readonly toPort: string;
    }
  /** VXLAN wraps the frame into a packet from `machine` to the address `remote`. */
  | { readonly kind: 'tunnel'; readonly machine: Machine; readonly link: NodeLink; readonly remote: string };

/** An interface that can receive the frame. */
export interface Receiver {
  readonly machine: Machine;
  /** The interface that IP sees: a bridge, or a link without one. */
  readonly link: NodeLink;
  readonly bridgePort: string | undefined;
  readonly crossings: readonly Crossing[];
}

export type Found = { readonly receiver: Receiver } | { readonly none: string } | { readonly unknown: string };

/** @param fromPort the port that the frame came in by, if the bridge `link` itself forwards it */
export const findReceiver = (
  cluster: Cluster,
  machine: Machine,
  link: NodeLink,
  nextHop: string,
  fromPort?: string,
): Found => {
  const walk: Walk = { cluster, receivers: [], problems: [], visited: new Set() };
  if (link.kind === 'bridge') fromBridge(walk, machine, link.name, fromPort, []);
  else fromLink(walk, machine, link, []);
  const neighbour = machine.node.neighbours.find(
    (each) => each.address === nextHop && each.link === link.name && each.mac !== undefined && !each.failed,
  );
  if (neighbour?.permanent) {
    const receiver = walk.receivers.find((each) => each.link.mac === neighbour.mac);
    if (receiver) return { receiver };
    if (walk.problems.length > 0) return { unknown: walk.problems.join('; ') };
    return { none: `the neighbour entry of ${nextHop} has the address ${neighbour.mac}, which no machine has` };
  }
  const owners = walk.receivers.filter((each) => answers(each, nextHop));
  const known = owners.find((each) => each.link.mac === neighbour?.mac);
  const [first, ...others] = known ? [known] : owners;
  if (first && others.length === 0) return { receiver: first };
  if (first) return { unknown: `${owners.map((each) => each.machine.name).join(' and ')} all answer for ${nextHop}` };
  const proxy = walk.receivers.find(isProxy);
  if (proxy) return { receiver: proxy };
  if (walk.problems.length > 0) return { unknown: walk.problems.join('; ') };
  return { none: `no machine behind ${link.name} of ${machine.name} answers for ${nextHop}` };
};

interface Walk {
  readonly cluster: Cluster;
  readonly receivers: Receiver[];
  readonly problems: string[];
  readonly visited: Set<string>;
}

const answers = ({ machine, link }: Receiver, address: string): boolean => {
  const { links, sysctls } = machine.node;
  const strict = Math.max(sysctls.ofAll('ipv4', 'arp_ignore'), sysctls.ofLink('ipv4', link.name, 'arp_ignore')) > 0;
  return (strict ? [link] : links).some(
    (each) =>
      !(each.loopback && address.startsWith('127.')) && each.addresses.some((entry) => entry.address === address),
  );
};

/** `proxy_arp`: the link answers for any address. */
const isProxy = ({ machine, link }: Receiver): boolean =>
  machine.node.sysctls.ofAll('ipv4', 'proxy_arp') !== 0 ||
  machine.node.sysctls.ofLink('ipv4', link.name, 'proxy_arp') !== 0;

const fromLink = (walk: Walk, machine: Machine, link: NodeLink, crossings: readonly Crossing[]): void => {
  if (link.vxlan) {
    throughTunnel(walk, machine, link, crossings);
    return;
  }
  const peer = walk.cluster.peerOf(machine, link);
  if (peer === 'ambiguous') walk.problems.push(`the other end of ${link.name} of ${machine.name} is not known`);
  else if (peer) arrive(walk, peer.machine, peer.link, crossings);
  else walk.problems.push(`the other end of ${link.name} of ${machine.name} is outside of the model`);
};

const arrive = (walk: Walk, machine: Machine, link: NodeLink, crossings: readonly Crossing[]): void => {
  const key = `${machine.name} ${link.name}`;
  if (walk.visited.has(key) || !link.up) return;
  walk.visited.add(key);
  if (link.master === undefined) {
    walk.receivers.push({ machine, link, bridgePort: undefined, crossings });
    return;
  }
  const bridge = machine.links.get(link.master);
  if (bridge?.up) {
    walk.receivers.push({ machine, link: bridge, bridgePort: link.name, crossings });
    fromBridge(walk, machine, bridge.name, link.name, crossings);
  }
};

const fromBridge = (
  walk: Walk,
  machine: Machine,
  bridge: string,
  fromPort: string | undefined,
  crossings: readonly Crossing[],
): void => {
  for (const port of machine.node.links) {
    if (port.master !== bridge || !port.up) continue;
    if (port.name === fromPort && !port.hairpin) continue;
    fromLink(walk, machine, port, [...crossings, { kind: 'bridge', machine, bridge, fromPort, toPort: port.name }]);
  }
};

/** The other ends of a VXLAN: the addresses in its forwarding database, and its `remote`. */
const throughTunnel = (walk: Walk, machine: Machine, link: NodeLink, crossings: readonly Crossing[]): void => {
  const key = `${machine.name} ${link.name} out`;
  if (walk.visited.has(key) || !link.up) return;
  walk.visited.add(key);
  const listed = machine.node.fdb.flatMap((entry) =>
    entry.link === link.name && entry.remote !== undefined ? [{ remote: entry.remote, mac: entry.mac }] : [],
  );
  const all = [...listed, ...(link.vxlan?.remote === undefined ? [] : [{ remote: link.vxlan.remote, mac: floodMac }])];
  for (const { remote, mac } of all) {
    for (const other of walk.cluster.machines.values()) {
      if (
        other === machine ||
        !other.node.links.some(({ addresses }) => addresses.some(({ address }) => address === remote))
      )
        continue;
      const end = other.node.links.find(({ vxlan }) => vxlan?.id === link.vxlan?.id);
      if (!end) continue;
      // A frame goes to the remote that the database has for its address, else to those for all addresses.
      const better = listed.some((entry) => entry.mac === end.mac && entry.remote !== remote);
      if (mac !== end.mac && (mac !== floodMac || better)) continue;
      arrive(walk, other, end, [...crossings, { kind: 'tunnel', machine, link, remote }]);
    }
  }
};

const floodMac = '00:00:00:00:00:00';
