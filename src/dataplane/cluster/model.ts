// All machines, pods and clients of a cluster, and the cables between them, in one model.

import { json } from '../node/json.ts';
import type { NodeLink } from '../node/links.ts';
import { type NodeModel, readNode } from '../node/node.ts';
import type { NodeTexts } from '../node/texts.ts';

/** One network namespace. A node, each of its pods, a client and the fabric are machines of their own. */
export interface MachineTexts {
  /** Any name; hops and ends use it: `node01`, `default/blue`. */
  readonly name: string;
  readonly kind: 'node' | 'pod' | 'client' | 'fabric';
  /** The machine that a pod runs on. Interfaces of other machines may have the same numbers. */
  readonly on?: string;
  readonly texts: NodeTexts;
}

/** The two ends of a veth pair, where the numbers of the interfaces do not tell. */
export interface Cable {
  readonly one: Plug;
  readonly other: Plug;
}

export interface Plug {
  readonly machine: string;
  readonly link: string;
}

export interface ClusterTexts {
  readonly machines: readonly MachineTexts[];
  readonly cables?: readonly Cable[];
}

export interface Machine {
  readonly name: string;
  readonly kind: MachineTexts['kind'];
  readonly on: string | undefined;
  readonly node: NodeModel;
  readonly links: ReadonlyMap<string, NodeLink>;
  /** The links of the fabric that lose packets, and which part of them, because the lab says so. */
  readonly losses?: ReadonlyMap<string, number>;
}

export interface Cluster {
  readonly machines: ReadonlyMap<string, Machine>;
  /** The other end of a link; undefined if no machine of the model has it, `ambiguous` if several may have it. */
  readonly peerOf: (machine: Machine, link: NodeLink) => Peer | 'ambiguous' | undefined;
}

export interface Peer {
  readonly machine: Machine;
  readonly link: NodeLink;
}

/** @throws RulesetError or SyntaxError if a text is not what the tool prints */
export const readCluster = ({ machines: all, cables = [] }: ClusterTexts): Cluster =>
  clusterOf(all.map(readMachine), cables);

export const readMachine = ({ name, kind, on, texts }: MachineTexts): Machine => {
  // Only labs sets the queues of the fabric. They delay packets, and lose as many as the lab says.
  const { queues, ...others } = texts;
  const isOwn = kind === 'fabric';
  const node = readNode(isOwn ? others : texts);
  const losses = isOwn ? { losses: lossesIn(queues ?? '') } : {};
  return { name, kind, on, node, links: new Map(node.links.map((link) => [link.name, link])), ...losses };
};

/** @param queues `tc -json qdisc show` */
const lossesIn = (queues: string): ReadonlyMap<string, number> =>
  new Map(
    json.list(queues).flatMap(({ dev, options }) => {
      const { loss } = json.object(json.object(options)['loss-random']);
      return typeof loss === 'number' && loss > 0 ? [[json.text(dev), loss] as const] : [];
    }),
  );

/** Joins machines that were read before: when one changes, only that one is read again. */
export const clusterOf = (list: readonly Machine[], cables: readonly Cable[] = []): Cluster => {
  const machines = new Map(list.map((machine) => [machine.name, machine]));
  const known = new Map<string, Peer | 'ambiguous' | undefined>();
  return {
    machines,
    peerOf: (machine, link) => {
      const key = `${machine.name} ${link.name}`;
      if (!known.has(key)) known.set(key, byCable(machines, cables, machine, link) ?? byNumbers(list, machine, link));
      return known.get(key);
    },
  };
};

const byCable = (
  machines: ReadonlyMap<string, Machine>,
  cables: readonly Cable[],
  machine: Machine,
  link: NodeLink,
): Peer | undefined => {
  const is = (plug: Plug): boolean => plug.machine === machine.name && plug.link === link.name;
  const cable = cables.find(({ one, other }) => is(one) || is(other));
  const plug = cable && (is(cable.one) ? cable.other : cable.one);
  const found = plug && machines.get(plug.machine);
  const end = plug && found?.links.get(plug.link);
  return found && end ? { machine: found, link: end } : undefined;
};

/** Both ends of a veth pair know the other's number. Pods of other nodes may have the same numbers. */
const byNumbers = (list: readonly Machine[], machine: Machine, link: NodeLink): Peer | 'ambiguous' | undefined => {
  const { peer } = link;
  if (!peer || link.kind === 'vxlan') return undefined;
  const candidates = list.flatMap((other) => {
    if ((peer.namespace === undefined) !== (other === machine)) return [];
    return other.node.links
      .filter((each) => each.index === peer.index && each.peer?.index === link.index && each !== link)
      .map((each): Peer => ({ machine: other, link: each }));
  });
  const near = candidates.filter(({ machine: other }) => other.on === machine.name || machine.on === other.name);
  // A pod is joined to its own machine only, and a machine's pods are not those of another machine.
  const fitting =
    near.length > 0
      ? near
      : candidates.filter(({ machine: other }) => other.on === undefined && machine.on === undefined);
  const [only, ...others] = fitting;
  return others.length > 0 ? 'ambiguous' : only;
};
