// What is known about a cluster right after its start, as a store of facts. Checks are pure functions of such facts.
import { addressLayout, type ClusterSpec, hasProxy, type MachineSpecification } from '../../../api/cluster.ts';
import type { FactName, Facts, LinkFact, ProcessFact } from '../../../api/facts.ts';
import { deletedPrefix } from '../../../api/paths.ts';
import { cidrAddress, cidrContains, cidrRange, type Ipv4 } from '../../../api/scalars.ts';
import type { Fact, FactRequest, FactStore, Spot } from '../../grade/facts.ts';
import { requestOf } from '../../grade/interests.ts';
import type { Machine } from '../../grade/view/machines.ts';
import { nodeAddress } from '../../plan/links.ts';
import { componentsOf, flagsOf } from '../../plan/units.ts';
import { freshObjects } from './fresh-objects.ts';
import { freshRules } from './fresh-rules.ts';

/** Nobody can tell without a cluster. A check that asks for it is judged neither way. */
const unknown: Fact = { ok: false, cause: 'only a running cluster shows this' };
const known = (value: unknown): Fact => ({ ok: true, value });

export const machinesOf = (cluster: ClusterSpec): readonly Machine[] => [
  ...cluster.nodes.map(({ name, role }, index) => ({ name, role, address: nodeAddress(cluster, index) })),
  ...cluster.clients.map(({ name }, index) => ({
    ...{ name, role: 'client' as const },
    address: cidrAddress(cluster.nodeCidr, addressLayout.firstClient + index),
  })),
];

/** Also the routers and hosts of `machines`. */
export const allMachinesOf = (cluster: ClusterSpec): readonly Machine[] => [
  ...machinesOf(cluster),
  ...(cluster.machines ?? []).map(({ name, role, networks }) => ({
    ...{ name, role },
    address: networks.find((each) => each.address !== undefined)?.address ?? ('' as Ipv4),
  })),
];

export const freshCluster = (cluster: ClusterSpec): FactStore => ({
  get: (key) => factOf(requestOf(key), cluster),
});

const factOf = (request: FactRequest, cluster: ClusterSpec): Fact => {
  switch (request.kind) {
    case 'objects':
      return request.path.startsWith(deletedPrefix) ? known([]) : objectsAt(request.path, cluster);
    case 'facts':
      return factsAt(request.spot, request.want, cluster);
    case 'http':
      return answersAt(new URL(request.url).hostname, cluster) ? unknown : silence;
    case 'tcp':
      return answersAt(request.host, cluster) ? unknown : silence;
    case 'lookup':
      return /^(kubernetes|kube-dns)\b|^[\d.]+$/.test(request.name) ? unknown : silence;
    case 'file':
      // Of pods, a fresh cluster has only those of its manifests, as the kubelet starts them.
      return /^\/(root|tmp|home|var\/lib\/kubelet\/pods)\//.test(request.path) ? known({ exists: false }) : unknown;
    default:
      return unknown;
  }
};

const silence = known({ ok: false, failure: 'timeout', message: 'timed out' });

/** Something listens at the addresses of nodes, of the API server and of the DNS. */
const answersAt = (host: string, cluster: ClusterSpec): boolean =>
  /^(kubernetes|kube-dns|localhost|127\.)/.test(host) ||
  [cidrAddress(cluster.serviceCidr, 1), cluster.dnsAddress].some((address) => address === host) ||
  machinesOf(cluster).some(({ address, name }) => address === host || name === host);

const objectsAt = (path: string, cluster: ClusterSpec): Fact => {
  const objects = freshObjects(cluster)[path];
  return objects ? known(objects) : unknown;
};

const factsAt = (spot: Spot, want: FactName, cluster: ClusterSpec): Fact => {
  const machine = allMachinesOf(cluster).find(({ name }) => name === spot.machine);
  if (machine && spot.netns !== undefined)
    return { ok: false, cause: `${spot.machine} has no network namespace ${spot.netns}`, code: 'FABRIC_NO_NETNS' };
  if (!machine || spot.podIp !== undefined) return unknown;
  const other = cluster.machines?.find(({ name }) => name === machine.name);
  const ofNode = (): Facts => (machine.role === 'client' ? clientFacts(machine, cluster) : nodeFacts(machine, cluster));
  const facts = other ? otherFacts(other, cluster) : ofNode();
  return facts[want] === undefined ? unknown : known({ [want]: facts[want] });
};

const link = (over: Partial<LinkFact>): LinkFact => ({
  ...{ ifindex: 2, name: 'eth0', kind: 'veth', up: true, mac: '', mtu: 1500, addresses: [] },
  ...over,
});

const address = (text: string, prefix: number) => ({ address: text, prefix, family: 'inet' as const });

const loopback = link({ ifindex: 1, name: 'lo', kind: '', addresses: [address('127.0.0.1', 8)] });

const onNetwork = (own: Ipv4, { nodeCidr }: ClusterSpec): LinkFact =>
  link({ addresses: [address(own, cidrRange(nodeCidr).prefix)] });

const routeTo = (destination: string, device: string, more: object = {}) => ({
  ...{ destination, device, type: 'unicast' },
  ...more,
});

const commonRoutes = (own: Ipv4, { nodeCidr }: ClusterSpec) => [
  routeTo('default', 'eth0', { gateway: cidrAddress(nodeCidr, addressLayout.bridge) }),
  routeTo(nodeCidr, 'eth0', { protocol: 'kernel', source: own }),
];

const process = (command: string, argv: readonly string[] = []): ProcessFact => ({
  ...{ pid: 2, command, arguments: argv, networkNamespace: 'net:[1]', state: 'running' },
  unit: `${command}.service`,
  genuine: true,
});

const clientFacts = ({ address: own }: Machine, cluster: ClusterSpec): Facts => {
  const links = [loopback, onNetwork(own, cluster)];
  return {
    links,
    routes: commonRoutes(own, cluster),
    namespaces: [{ id: 'net:[1]', links }],
    listeners: [],
    processes: [process('sh'), process('sleep', ['infinity'])],
    iptables: '',
  };
};

/** Of a router or a host: its interfaces, the routes to its networks, and its own. */
const otherFacts = ({ networks, routes = [] }: MachineSpecification, cluster: ClusterSpec): Facts => {
  const attached = networks.map(({ name, address: own }, index) => ({
    device: `eth${index}`,
    own,
    cidr: cluster.networks?.find((each) => each.name === name)?.cidr ?? cluster.nodeCidr,
  }));
  const links = [
    loopback,
    ...attached.map(({ device, own, cidr }, index) =>
      link({
        ...{ ifindex: index + 2, name: device },
        addresses: own === undefined ? [] : [address(own, cidrRange(cidr).prefix)],
      }),
    ),
  ];
  const connected = attached.flatMap(({ device, own, cidr }) =>
    own === undefined ? [] : [routeTo(cidr, device, { protocol: 'kernel', source: own })],
  );
  const further = routes.map(({ to, via }) => {
    const by = attached.find(({ own, cidr }) => own !== undefined && cidrContains(cidr, via));
    return routeTo(to, by?.device ?? '', { gateway: via });
  });
  return { links, namespaces: [{ id: 'net:[1]', links }], routes: [...connected, ...further] };
};

const nodeFacts = ({ name, address: own, role }: Machine, cluster: ClusterSpec): Facts => {
  const { nodes, podCidr, podNetwork, proxy } = cluster;
  const node = nodes.find((each) => each.name === name);
  const index = nodes.findIndex((each) => each.name === name);
  const bridge = podAddress(podCidr, index, 1);
  const links = [
    loopback,
    onNetwork(own, cluster),
    link({ ifindex: 3, name: 'cni0', kind: 'bridge', addresses: [address(bridge, addressLayout.podSubnetPrefix)] }),
  ];
  const others = nodes.flatMap((_, other) =>
    other === index ? [] : [routeTo(podSubnet(podCidr, other), 'eth0', { gateway: nodeAddress(cluster, other) })],
  );
  const isPlane = role === 'control-plane';
  if (!node) return {};
  const context = {
    ...{ name, node, controlPlane: isPlane, address: own, spec: cluster },
    apiServerAddress: nodeAddress(cluster, planeIndex(cluster)),
  };
  const common: Facts = {
    processes: [
      process('systemd'),
      process('systemd-journald'),
      ...componentsOf(node, cluster).map((each) => process(each, flagsOf(each, context))),
    ],
    listeners: listenersOf(own, isPlane),
  };
  if (podNetwork !== 'routes') return common;
  return {
    ...common,
    links,
    namespaces: [{ id: 'net:[1]', links }],
    routes: [
      ...commonRoutes(own, cluster),
      routeTo(podSubnet(podCidr, index), 'cni0', { protocol: 'kernel', source: bridge }),
      ...others,
    ],
    ...(hasProxy(node) && (proxy.mode === undefined || proxy.mode === 'iptables')
      ? { iptables: freshRules(cluster) }
      : {}),
  };
};

const planeIndex = ({ nodes }: ClusterSpec): number => nodes.findIndex(({ role }) => role === 'control-plane');

export const podAddress = (podCidr: ClusterSpec['podCidr'], index: number, host: number): Ipv4 =>
  cidrAddress(podCidr, index * 2 ** (32 - addressLayout.podSubnetPrefix) + host);

const podSubnet = (podCidr: ClusterSpec['podCidr'], index: number): string =>
  `${podAddress(podCidr, index, 0)}/${addressLayout.podSubnetPrefix}`;

const listenersOf = (own: Ipv4, isPlane: boolean) => {
  const tcp = (at: string, port: number) => ({ protocol: 'tcp' as const, address: at, port });
  return [
    ...[tcp('127.0.0.1', 10249), tcp('127.0.0.1', 10248), tcp('0.0.0.0', 10250), tcp('::', 10256)],
    ...(isPlane ? [tcp('0.0.0.0', 6443), tcp(own, 53), tcp(own, 9153)] : []),
    ...(isPlane ? [{ protocol: 'udp' as const, address: own, port: 53 }] : []),
  ];
};
