// Draws the network of a lab as a tree, for `labs topology`.
import { qualityText } from '../../api/wiring.ts';
import { alignColumns, cutTo } from './text.ts';
import type { LinkTopology, MachineTopology, Topology } from './topology.ts';

/** The tree of bridges, machines, veths and pods. A machine on several networks is below each of them. */
export const drawNetwork = ({ fabric, networks, machines }: Topology, noPods: string): readonly string[] => [
  `${fabric.bridge}  ${fabric.address}`,
  ...drawMachines(machines, fabric.bridge, noPods),
  ...networks.flatMap(({ name, cidr }) => [`${name}  ${cidr}`, ...drawMachines(machines, name, noPods)]),
];

const drawMachines = (machines: readonly MachineTopology[], network: string, noPods: string): readonly string[] => {
  const found = machines.flatMap((machine) =>
    machine.links.filter((link) => link.network === network).map((link) => ({ machine, link })),
  );
  return branches(found, ({ machine, link }) => [
    [link.interface, machine.name, shownAddress(machine, link), ...shownQuality(link)].join('  '),
    ...branches(machine.bridges, ({ name, address }) => [`${name}  ${address}`, ...drawPods(machine, name, noPods)]),
    ...loose(machine),
  ]);
};

const shownQuality = ({ quality }: LinkTopology): readonly string[] => (quality ? [`(${qualityText(quality)})`] : []);

/** Of a router or host, the addresses that it has now, because they may be the student's work. */
const shownAddress = ({ role, address }: MachineTopology, { addresses }: LinkTopology): string =>
  role === 'router' || role === 'host' ? addresses.join(', ') || '–' : address;

const drawPods = ({ pods }: MachineTopology, bridge: string, noPods: string): readonly string[] => {
  const wired = pods.filter((pod) => pod.bridge === bridge);
  if (wired.length === 0) return [`└─ ${noPods}`];
  const rows = wired.map((pod) => [pod.veth ?? '', cutTo(nameOf(pod), 34), pod.address]);
  return branches(alignColumns(rows), (row) => [row]);
};

/** Pods that are attached to no bridge: those in the node's own network, and those whose veth was detached. */
const loose = ({ pods }: MachineTopology): readonly string[] =>
  branches(
    pods.filter(({ bridge }) => bridge === undefined),
    (pod) => [`${pod.veth ?? '–'}  ${cutTo(nameOf(pod), 34)}  ${pod.address}`],
  );

const branches = <T>(items: readonly T[], draw: (item: T) => readonly string[]): readonly string[] =>
  items.flatMap((item, index) => {
    const last = index === items.length - 1;
    return draw(item).map((line, row) => (row === 0 ? `${last ? '└─ ' : '├─ '}` : last ? '   ' : '│  ') + line);
  });

/** The namespace is shown unless it is `default`. */
export const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  namespace === 'default' ? name : `${namespace}/${name}`;
