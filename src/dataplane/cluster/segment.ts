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

export type Found =
  | { readonly receiver: Receiver }
  | { readonly none: string }
  /** A port of a bridge of `machine` lets no frame through. */
  | { readonly dropped: string; readonly machine: Machine }
  | { readonly unknown: string };

/** @param fromPort the port that the frame came in by, if the bridge `link` itself forwards it */
export const findReceiver = (
  cluster: Cluster,
  machine: Machine,
  link: NodeLink,
  nextHop: string,
  fromPort?: string,
): Found => {
  const { receivers, problems, sawBlock } = walkFrom(cluster, machine, link, fromPort, false);
  const neighbour = machine.node.neighbours.find(
    (each) => each.address === nextHop && each.link === link.name && each.mac !== undefined && !each.failed,
  );
  const checked = (receiver: Arrival): Found => {
    const asksByArp = neighbour?.mac !== receiver.link.mac;
    const doubts = receiver.passed.flatMap((each) => doubtAbout(each, receiver, { sender: link, asksByArp }) ?? []);
    return doubts.length === 0 ? { receiver } : { unknown: doubts.join('; ') };
  };
  const unknown = { unknown: problems.join('; ') };
  // Who would receive the frame if every port let it through.
  const blocked = (isIt: (receiver: Arrival) => boolean): Found | undefined => {
    const found = sawBlock && walkFrom(cluster, machine, link, fromPort, true).receivers.find(isIt);
    const block = found ? found.blocks[0] : undefined;
    return block && { dropped: block.why, machine: block.machine };
  };
  if (neighbour?.permanent) {
    const hasMac = (each: Arrival): boolean => each.link.mac === neighbour.mac;
    const receiver = receivers.find(hasMac);
    if (receiver) return checked(receiver);
    if (problems.length > 0) return unknown;
    const none = `the neighbour entry of ${nextHop} has the address ${neighbour.mac}, which no machine has`;
    return blocked(hasMac) ?? { none };
  }
  const owners = receivers.filter((each) => answers(each, nextHop));
  const known = owners.find((each) => each.link.mac === neighbour?.mac);
  const [first, ...others] = known ? [known] : owners;
  if (first && others.length === 0) return checked(first);
  if (first) return { unknown: `${owners.map((each) => each.machine.name).join(' and ')} all answer for ${nextHop}` };
  const proxy = receivers.find(isProxy);
  if (proxy) return checked(proxy);
  if (problems.length > 0) return unknown;
  const none = `no machine behind ${link.name} of ${machine.name} answers for ${nextHop}`;
  return blocked((each) => answers(each, nextHop)) ?? { none };
};

/** A receiver, with the ports of bridges on the way to it. */
interface Arrival extends Receiver {
  readonly passed: readonly PassedPort[];
  readonly blocks: readonly Block[];
}

interface PassedPort {
  readonly machine: Machine;
  readonly port: NodeLink;
  readonly way: 'in' | 'out';
}

interface Block {
  readonly machine: Machine;
  readonly why: string;
}

interface Trail {
  readonly crossings: readonly Crossing[];
  readonly passed: readonly PassedPort[];
  readonly blocks: readonly Block[];
}

interface Walk {
  readonly cluster: Cluster;
  readonly receivers: Arrival[];
  readonly problems: string[];
  readonly visited: Set<string>;
  readonly throughBlocks: boolean;
  sawBlock: boolean;
}

const walkFrom = (
  cluster: Cluster,
  machine: Machine,
  link: NodeLink,
  fromPort: string | undefined,
  throughBlocks: boolean,
): Walk => {
  const walk: Walk = { cluster, receivers: [], problems: [], visited: new Set(), throughBlocks, sawBlock: false };
  const trail: Trail = { crossings: [], passed: [], blocks: [] };
  if (link.kind === 'bridge') fromBridge(walk, machine, link.name, fromPort, trail);
  else fromLink(walk, machine, link, trail);
  return walk;
};

/** The trail behind a block; undefined if the walk ends at it. */
const stopAt = (walk: Walk, trail: Trail, machine: Machine, why: string | undefined): Trail | undefined => {
  if (why === undefined) return trail;
  walk.sawBlock = true;
  return walk.throughBlocks ? { ...trail, blocks: [...trail.blocks, { machine, why }] } : undefined;
};

const closed = ({ name, master, port: { state } }: NodeLink): string | undefined =>
  state === 'forwarding' ? undefined : `the port ${name} of the bridge ${master} is in the state ${state}`;

/**
 * Why nobody knows whether a port lets a frame through that depends on what its bridge has learned.
 * @param asksByArp the sender must ask for the receiver's address by a broadcast, and hear the answer
 */
const doubtAbout = (
  { machine, port, way }: PassedPort,
  receiver: Receiver,
  { sender, asksByArp }: { readonly sender: NodeLink; readonly asksByArp: boolean },
): string | undefined => {
  const name = `the port ${port.name} of the bridge ${port.master} of ${machine.name}`;
  const far = way === 'out' ? receiver.link : sender;
  const { learns, floods, broadcasts, locked } = port.port;
  const isKnown = machine.node.fdb.some(({ link, mac }) => link === port.name && mac === far.mac);
  if (way === 'in' && locked && !isKnown) return `${name} is locked`;
  if (way === 'out' && !broadcasts && asksByArp) return `${name} does not flood broadcasts such as ARP`;
  const matters = way === 'out' || asksByArp;
  return matters && !floods && !learns && !isKnown ? `${name} neither learns addresses nor floods` : undefined;
};

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

const fromLink = (walk: Walk, machine: Machine, link: NodeLink, trail: Trail): void => {
  if (link.vxlan) {
    throughTunnel(walk, machine, link, trail);
    return;
  }
  const peer = walk.cluster.peerOf(machine, link);
  if (peer === 'ambiguous') walk.problems.push(`the other end of ${link.name} of ${machine.name} is not known`);
  else if (peer) arrive(walk, peer.machine, peer.link, trail);
  else walk.problems.push(`the other end of ${link.name} of ${machine.name} is outside of the model`);
};

const arrive = (walk: Walk, machine: Machine, link: NodeLink, trail: Trail): void => {
  const key = `${machine.name} ${link.name}`;
  if (walk.visited.has(key) || !link.up) return;
  walk.visited.add(key);
  if (link.master === undefined) {
    walk.receivers.push({ machine, link, bridgePort: undefined, ...trail });
    return;
  }
  const bridge = machine.links.get(link.master);
  if (!bridge?.up) return;
  const inside = stopAt(walk, trail, machine, closed(link));
  if (!inside) return;
  const onward: Trail = { ...inside, passed: [...inside.passed, { machine, port: link, way: 'in' }] };
  walk.receivers.push({ machine, link: bridge, bridgePort: link.name, ...onward });
  fromBridge(walk, machine, bridge.name, link.name, onward);
};

const fromBridge = (walk: Walk, machine: Machine, bridge: string, fromPort: string | undefined, trail: Trail): void => {
  const isolated = fromPort !== undefined && machine.links.get(fromPort)?.port.isolated === true;
  for (const port of machine.node.links) {
    if (port.master !== bridge || !port.up) continue;
    if (port.name === fromPort && !port.hairpin) continue;
    const apart = `the ports ${fromPort} and ${port.name} of the bridge ${bridge} are isolated from each other`;
    const outside = stopAt(walk, trail, machine, closed(port) ?? (isolated && port.port.isolated ? apart : undefined));
    if (!outside) continue;
    fromLink(walk, machine, port, {
      ...outside,
      crossings: [...outside.crossings, { kind: 'bridge', machine, bridge, fromPort, toPort: port.name }],
      passed: [...outside.passed, { machine, port, way: 'out' }],
    });
  }
};

/** The other ends of a VXLAN: the addresses in its forwarding database, and its `remote`. */
const throughTunnel = (walk: Walk, machine: Machine, link: NodeLink, trail: Trail): void => {
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
      arrive(walk, other, end, {
        ...trail,
        crossings: [...trail.crossings, { kind: 'tunnel', machine, link, remote }],
      });
    }
  }
};

const floodMac = '00:00:00:00:00:00';
