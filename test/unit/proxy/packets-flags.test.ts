// How flags change where packets go.
import { describe, test } from 'vitest';
import { a, b, type Case, expectPacket, here, local, nodePort, outside, pod, there } from './cluster.ts';

const svc = '10.96.0.20:80';
const bridge = { mode: 'BridgeInterface', bridgeInterface: 'cni0' } as const;
const prefix = { mode: 'InterfaceNamePrefix', interfaceNamePrefix: 'veth' } as const;
const nodeCidr = { mode: 'NodeCIDR' } as const;

describe('--detect-local-mode', () => {
  const to = svc;
  const lands = [`${b}:8080`];
  const endpoints = [there(b)];
  test.each<Case>([
    {
      name: 'BridgeInterface recognises pods by the bridge',
      detect: bridge,
      spec: {},
      endpoints,
      from: pod,
      inInterface: 'cni0',
      to,
      lands,
      masq: false,
    },
    {
      name: 'BridgeInterface masquerades packets from another interface',
      detect: bridge,
      spec: {},
      endpoints,
      from: pod,
      inInterface: 'eth0',
      to,
      lands,
      masq: true,
    },
    {
      name: 'InterfaceNamePrefix recognises pods by the prefix of the interface',
      detect: prefix,
      spec: {},
      endpoints,
      from: pod,
      inInterface: 'veth1a2b',
      to,
      lands,
      masq: false,
    },
    {
      name: 'InterfaceNamePrefix masquerades others',
      detect: prefix,
      spec: {},
      endpoints,
      from: pod,
      inInterface: 'eth0',
      to,
      lands,
      masq: true,
    },
    {
      name: 'NodeCIDR recognises pods of this node',
      detect: nodeCidr,
      spec: {},
      endpoints,
      from: pod,
      to,
      lands,
      masq: false,
    },
    {
      name: 'NodeCIDR masquerades pods of other nodes',
      detect: nodeCidr,
      spec: {},
      endpoints,
      from: '10.244.2.9',
      to,
      lands,
      masq: true,
    },
    {
      name: 'ClusterCIDR recognises pods of all nodes',
      spec: {},
      endpoints,
      from: '10.244.2.9',
      to,
      lands,
      masq: false,
    },
    {
      name: 'BridgeInterface exempts pods from policy Local',
      detect: bridge,
      spec: local,
      endpoints,
      from: pod,
      inInterface: 'cni0',
      to: '192.168.56.11:30080',
      lands,
      masq: false,
    },
  ])('$name', (packet) => expectPacket(packet));
});

describe('--nodeport-addresses and --iptables-localhost-nodeports', () => {
  const one = { nodePortAddresses: ['192.168.56.11'] };
  const loopback = { nodePortAddresses: ['127.0.0.1', '::1'] };
  const off = { localhostNodePorts: false };
  const endpoints = [here(a)];
  const lands = [`${a}:8080`];
  test.each<Case>([
    {
      name: 'a node port answers at the configured address',
      base: one,
      spec: nodePort,
      endpoints,
      from: outside,
      to: '192.168.56.11:30080',
      lands,
    },
    {
      name: 'a node port does not answer at other addresses',
      base: one,
      spec: nodePort,
      endpoints,
      from: pod,
      to: '10.244.1.1:30080',
      lands: ['10.244.1.1:30080'],
    },
    {
      name: 'a node port can answer on loopback only',
      base: loopback,
      spec: nodePort,
      endpoints,
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands,
    },
    {
      name: 'without localhost node ports, loopback is unchanged',
      base: off,
      spec: nodePort,
      endpoints,
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands: ['127.0.0.1:30080'],
    },
    {
      name: 'without localhost node ports, a node port answers at other addresses',
      base: off,
      spec: nodePort,
      endpoints,
      from: outside,
      to: '192.168.56.11:30080',
      lands,
    },
    {
      name: 'without localhost node ports, a configured loopback address has no effect',
      base: { ...off, ...loopback },
      spec: nodePort,
      endpoints,
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands: ['127.0.0.1:30080'],
    },
  ])('$name', (packet) => expectPacket(packet));
});

describe('--iptables-masquerade-bit', () => {
  test.each<Case>([
    {
      name: 'masquerades with another mark bit',
      base: { masqueradeMark: 0x8000 },
      spec: {},
      endpoints: [there(b)],
      from: outside,
      to: svc,
      lands: [`${b}:8080`],
      masq: true,
    },
  ])('$name', (packet) => expectPacket(packet));
});

describe('machines in the same network', () => {
  test.each<Case>([
    {
      name: 'cannot reach loopback addresses of the node, although route_localnet is on',
      spec: {},
      from: outside,
      to: '127.0.0.1:10249',
      lands: ['127.0.0.1:10249'],
      fate: 'dropped',
    },
  ])('$name', (packet) => expectPacket(packet));
});
