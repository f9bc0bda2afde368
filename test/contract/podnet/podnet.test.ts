import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Node } from '../../../src/api/core.ts';
import { parseCidr, parseIpv4 } from '../../../src/api/scalars.ts';
import { commandsFor, type Observed } from '../../../src/node/podnet/commands.ts';
import { desiredNetwork, type Mode, type Network, vxlanDevice } from '../../../src/node/podnet/network.ts';
import { parseNeighbours, parseRoutes } from '../../../src/node/sys/iproute.ts';

const clusterCidr = parseCidr('10.244.0.0/16');
const suffix = process.pid.toString(36);
const nodes = ['node01', 'node02'].map((name, index) => ({
  name,
  netns: `labs-podnet-${suffix}-${index}`,
  address: `192.168.56.${11 + index}`,
  podCidr: `10.244.${1 + index}.0/24`,
}));

const run = (argv: readonly string[]): string => {
  const [command = '', ...args] = argv;
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
};
const inside = (netns: string, ...argv: readonly string[]): string => run(['ip', 'netns', 'exec', netns, ...argv]);

const objects = nodes.map(
  ({ name, address, podCidr }): Node => ({
    metadata: { name },
    spec: { podCIDR: podCidr },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }),
);

const wantedOn = (index: number, mode: Mode, members = objects): Network => {
  const { name, address } = nodes[index] ?? { name: '', address: '' };
  const network = desiredNetwork(members, { nodeName: name, nodeIp: parseIpv4(address), clusterCidr, mode });
  if (!network) throw new Error(`${name} has no network`);
  return network;
};

const observe = (netns: string): Observed => {
  const links = [...inside(netns, 'cat', '/proc/self/net/dev').matchAll(/^\s*([^\s:|]+):/gm)].map(
    ([, name = '']) => name,
  );
  const overlay = links.includes(vxlanDevice);
  const entries = overlay ? JSON.parse(inside(netns, 'bridge', '-json', 'fdb', 'show', 'dev', vxlanDevice)) : [];
  return {
    links,
    routes: parseRoutes(inside(netns, 'cat', '/proc/self/net/route')),
    neighbours: overlay ? parseNeighbours(inside(netns, 'cat', '/proc/self/net/arp'), vxlanDevice) : new Map(),
    forwarding: new Map(entries.flatMap(({ mac, dst }: { mac: string; dst?: string }) => (dst ? [[mac, dst]] : []))),
  };
};

/** Reconciles each node once, as podnet does. @returns the commands that were run */
const settle = (mode: Mode): string[] =>
  nodes.flatMap(({ netns }, index) => {
    const commands = commandsFor(wantedOn(index, mode), observe(netns), clusterCidr);
    for (const command of commands) inside(netns, ...command);
    return commands.map((command) => command.join(' '));
  });

const ping = (from: string, source: string, target: string): boolean => {
  try {
    inside(from, 'busybox', 'ping', '-c1', '-W1', '-I', source, target);
    return true;
  } catch {
    return false;
  }
};

beforeAll(() => {
  for (const { netns } of nodes) run(['ip', 'netns', 'add', netns]);
  const [a, b] = nodes;
  if (!a || !b) throw new Error('two nodes are needed');
  run(['ip', 'link', 'add', 'eth0', 'netns', a.netns, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b.netns]);
  for (const { netns, address } of nodes) {
    inside(netns, 'ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
    inside(netns, 'ip', 'link', 'set', 'eth0', 'up');
    inside(netns, 'ip', 'link', 'set', 'lo', 'up');
    inside(netns, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  }
});
afterAll(() => {
  for (const { netns } of nodes) run(['ip', 'netns', 'delete', netns]);
});

const [first = { netns: '' }, second = { netns: '' }] = nodes;

describe.each(['routes', 'vxlan', 'routes'] as const)('two nodes in mode %s', (mode) => {
  test('can reach each other’s pod networks', () => {
    settle(mode);
    expect(ping(first.netns, '10.244.1.1', '10.244.2.1')).toBe(true);
    expect(ping(second.netns, '10.244.2.1', '10.244.1.1')).toBe(true);
  });

  test('need no more commands after that', () => expect(settle(mode)).toEqual([]));

  test.each([
    { what: 'a deleted route', break: ['ip', 'route', 'delete', '10.244.2.0/24'] },
    { what: 'a deleted bridge', break: ['ip', 'link', 'delete', 'cni0'] },
    { what: 'a bridge without its address', break: ['ip', 'address', 'flush', 'dev', 'cni0'] },
    { what: 'a bridge that is down', break: ['ip', 'link', 'set', 'cni0', 'down'] },
  ])('work again after podnet repairs $what', ({ break: command }) => {
    inside(first.netns, ...command);
    expect(settle(mode)).not.toEqual([]);
    expect(ping(first.netns, '10.244.1.1', '10.244.2.1')).toBe(true);
    expect(settle(mode)).toEqual([]);
  });

  test('lose the routes and entries of a node that was removed', () => {
    const alone = wantedOn(0, mode, objects.slice(0, 1));
    for (const command of commandsFor(alone, observe(first.netns), clusterCidr)) inside(first.netns, ...command);
    const { routes, neighbours, forwarding } = observe(first.netns);
    expect(routes.map(({ destination }) => destination)).not.toContain('10.244.2.0/24');
    expect([neighbours.size, forwarding.size]).toEqual([0, 0]);
    expect(settle(mode)).not.toEqual([]);
  });
});

test('a VXLAN node gets a missing device, a device that is down and missing neighbours repaired', () => {
  settle('vxlan');
  for (const command of [
    ['ip', 'link', 'delete', vxlanDevice],
    ['ip', 'link', 'set', vxlanDevice, 'down'],
    ['ip', 'neighbour', 'flush', 'dev', vxlanDevice, 'nud', 'permanent'],
  ]) {
    inside(first.netns, ...command);
    settle('vxlan');
    expect(ping(first.netns, '10.244.1.1', '10.244.2.1'), command.join(' ')).toBe(true);
  }
  expect(settle('vxlan')).toEqual([]);
});
