import { describe, expect, test } from 'vitest';
import type { Node } from '../../../src/api/core.ts';
import { parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import { commandsFor, type Observed } from '../../../src/node/podnet/commands.ts';
import { desiredNetwork, type Mode, type Network } from '../../../src/node/podnet/network.ts';
import { parseNeighbours, parseRoutes } from '../../../src/node/sys/iproute.ts';

const clusterCidr = parseCidr('10.244.0.0/16');

const node = (name: string, podCIDR: string | undefined, address: string): Node => ({
  metadata: { name },
  spec: podCIDR === undefined ? {} : { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address }] },
});

const cluster = [
  node('controlplane', '10.244.0.0/24', '192.168.56.10'),
  node('node01', '10.244.1.0/24', '192.168.56.11'),
  node('node02', '10.244.2.0/24', '192.168.56.12'),
];

const networkOf = (nodes: readonly Node[], mode: Mode = 'routes'): Network | undefined =>
  desiredNetwork(nodes, { nodeName: 'node01', nodeIp: parseIpv4('192.168.56.11'), clusterCidr, mode });

const present = (nodes: readonly Node[], mode: Mode = 'routes'): Network => {
  const network = networkOf(nodes, mode);
  if (!network) throw new Error('no network');
  return network;
};

const empty: Observed = { links: ['lo', 'eth0'], routes: [], neighbours: new Map(), forwarding: new Map() };
const commands = (network: Network, observed: Observed): string[] =>
  commandsFor(network, observed, clusterCidr).map((command) => command.join(' '));

describe('desiredNetwork', () => {
  test('returns nothing for a node without a pod subnet', () => {
    expect(networkOf([node('node01', undefined, '192.168.56.11')])).toBeUndefined();
  });

  test.each([
    { name: 'a pod subnet of IPv6', podCidr: 'fd00:244:9::/64', address: '192.168.56.19' },
    { name: 'a pod subnet that is no network', podCidr: '10.244.9.0', address: '192.168.56.19' },
    { name: 'only an IPv6 address', podCidr: '10.244.9.0/24', address: 'fd00::19' },
    { name: 'an address that is none', podCidr: '10.244.9.0/24', address: 'node09' },
  ])('keeps the routes to other nodes when a node has $name', ({ podCidr, address }) => {
    expect(present([...cluster, node('odd', podCidr, address)])).toEqual(present(cluster));
  });

  test('configures CNI with a hairpin bridge and addresses from the node’s pod subnet', () => {
    const conflist = JSON.parse(present(cluster).conflist);
    expect(conflist.plugins[0]).toMatchObject({
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      hairpinMode: true,
      ipMasq: false,
      mtu: 1500,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.244.1.0/24' }]] },
    });
    expect(conflist.plugins[1]).toMatchObject({ type: 'portmap', capabilities: { portMappings: true } });
  });

  test('routes to every other node, except to a subnet outside of the cluster’s pod network', () => {
    const network = present([...cluster, node('stray', '10.9.0.0/24', '192.168.56.13')]);
    expect(network.routes?.map(({ destination, gateway }) => `${destination} via ${gateway}`)).toEqual([
      '10.244.0.0/24 via 192.168.56.10',
      '10.244.2.0/24 via 192.168.56.12',
    ]);
  });

  test('reduces the MTU by the size of the outer headers for VXLAN', () => {
    expect(JSON.parse(present(cluster, 'vxlan').conflist).plugins[0].mtu).toBe(1450);
  });
});

describe('commandsFor', () => {
  test('creates the bridge and the routes on a new node', () => {
    expect(commands(present(cluster), empty)).toEqual([
      'ip link add cni0 address 0a:58:0a:f4:01:01 mtu 1500 type bridge',
      'ip address replace 10.244.1.1/24 dev cni0',
      'ip link set cni0 up',
      'ip route replace 10.244.0.0/24 via 192.168.56.10',
      'ip route replace 10.244.2.0/24 via 192.168.56.12',
    ]);
  });

  const settled: Observed = {
    ...empty,
    links: ['lo', 'eth0', 'cni0'],
    routes: [
      { destination: parseCidr('10.244.1.0/24'), device: 'cni0' },
      { destination: parseCidr('10.244.0.0/24'), gateway: parseIpv4('192.168.56.10'), device: 'eth0' },
      { destination: parseCidr('10.244.2.0/24'), gateway: parseIpv4('192.168.56.12'), device: 'eth0' },
    ],
  };

  test('returns no command if the node is as desired', () => {
    expect(commands(present(cluster), settled)).toEqual([]);
  });

  test('replaces a route through the wrong node', () => {
    const routes = settled.routes.map((route) =>
      route.gateway === '192.168.56.12' ? { ...route, gateway: parseIpv4('192.168.56.10') } : route,
    );
    expect(commands(present(cluster), { ...settled, routes })).toEqual([
      'ip route replace 10.244.2.0/24 via 192.168.56.12',
    ]);
  });

  test('deletes the route to a removed node, and keeps routes of another size or outside of the pod network', () => {
    const routes = [
      ...settled.routes,
      { destination: parseCidr('10.244.2.128/25'), gateway: parseIpv4('192.168.56.10'), device: 'eth0' },
      { destination: parseCidr('172.16.0.0/24'), gateway: parseIpv4('192.168.56.10'), device: 'eth0' },
    ];
    expect(commands(present(cluster.slice(0, 2)), { ...settled, routes })).toEqual([
      'ip route delete 10.244.2.0/24 via 192.168.56.12',
    ]);
  });

  test('brings up a bridge that is down, with its address', () => {
    const routes = settled.routes.filter(({ device }) => device !== 'cni0');
    expect(commands(present(cluster), { ...settled, routes })).toEqual([
      'ip address replace 10.244.1.1/24 dev cni0',
      'ip link set cni0 up',
    ]);
  });

  test('creates the VXLAN device, and for each other node a neighbour, a forwarding entry and a route', () => {
    const got = commands(present(cluster, 'vxlan'), settled);
    expect(got).toContain(
      'ip link add vxlan1 address 0a:5a:c0:a8:38:0b mtu 1450 type vxlan id 1 local 192.168.56.11 dstport 8472 nolearning',
    );
    expect(got).toContain('ip neighbour replace 10.244.2.0 lladdr 0a:5a:c0:a8:38:0c dev vxlan1 nud permanent');
    expect(got).toContain('bridge fdb replace 0a:5a:c0:a8:38:0c dev vxlan1 dst 192.168.56.12');
    expect(got).toContain('ip route replace 10.244.2.0/24 via 10.244.2.0 dev vxlan1 onlink');
  });

  test('deletes the VXLAN device when the mode changes to routes', () => {
    expect(commands(present(cluster), { ...settled, links: [...settled.links, 'vxlan1'] })).toEqual([
      'ip link delete vxlan1',
    ]);
  });
});

describe('parsing the kernel’s files', () => {
  test('reads routes with their prefix length and gateway', () => {
    const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0138A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0002F40A\t0C38A8C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
cni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
    expect(parseRoutes(table)).toEqual([
      { destination: '0.0.0.0/0', gateway: '192.168.56.1', device: 'eth0' },
      { destination: '10.244.2.0/24', gateway: '192.168.56.12', device: 'eth0' },
      { destination: '10.244.1.0/24', device: 'cni0' },
    ]);
  });

  test('reads only permanent neighbours of the device', () => {
    const table = `IP address       HW type     Flags       HW address            Mask     Device
10.244.2.0       0x1         0x6         0a:5a:c0:a8:38:0c     *        vxlan1
10.244.0.0       0x1         0x2         0a:5a:c0:a8:38:0a     *        vxlan1
192.168.56.1     0x1         0x6         02:42:c0:a8:38:01     *        eth0
`;
    expect([...parseNeighbours(table, 'vxlan1')]).toEqual([['10.244.2.0', '0a:5a:c0:a8:38:0c']]);
  });
});

describe('mode none', () => {
  const network = present(cluster, 'none');

  test('makes the bridge, and configures CNI as in mode routes', () => {
    expect(network.conflist).toBe(present(cluster, 'routes').conflist);
    expect(commands(network, empty)).toEqual([
      'ip link add cni0 address 0a:58:0a:f4:01:01 mtu 1500 type bridge',
      'ip address replace 10.244.1.1/24 dev cni0',
      'ip link set cni0 up',
    ]);
  });

  test("leaves a student's routes and overlay alone", () => {
    const observed: Observed = {
      ...empty,
      links: ['lo', 'eth0', 'cni0', 'vxlan1'],
      routes: [
        { destination: parseCidr('10.244.1.0/24'), device: 'cni0' },
        { destination: parseCidr('10.244.2.0/24'), gateway: parseIpv4('192.168.56.12'), device: 'eth0' },
        { destination: parseCidr('10.244.7.0/24'), gateway: parseIpv4('192.168.56.17'), device: 'eth0' },
      ],
    };
    expect(commands(network, observed)).toEqual([]);
  });
});
