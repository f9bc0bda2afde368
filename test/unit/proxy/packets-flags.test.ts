// What flags change about where packets land.
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
      name: 'BridgeInterface knows pods by the bridge',
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
      name: 'BridgeInterface masquerades who comes by another',
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
      name: 'InterfaceNamePrefix knows pods by how the name starts',
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
      name: 'NodeCIDR knows the pods of this node',
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
    { name: 'ClusterCIDR knows pods of all nodes', spec: {}, endpoints, from: '10.244.2.9', to, lands, masq: false },
    {
      name: 'BridgeInterface lets pods past policy Local',
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
      name: 'a node port answers at the address given',
      base: one,
      spec: nodePort,
      endpoints,
      from: outside,
      to: '192.168.56.11:30080',
      lands,
    },
    {
      name: 'and at no other',
      base: one,
      spec: nodePort,
      endpoints,
      from: pod,
      to: '10.244.1.1:30080',
      lands: ['10.244.1.1:30080'],
    },
    {
      name: 'a node port can answer on loopback alone',
      base: loopback,
      spec: nodePort,
      endpoints,
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands,
    },
    {
      name: 'without localhost node ports, loopback is left alone',
      base: off,
      spec: nodePort,
      endpoints,
      from: '127.0.0.1',
      to: '127.0.0.1:30080',
      lands: ['127.0.0.1:30080'],
    },
    {
      name: 'the node is reached all the same',
      base: off,
      spec: nodePort,
      endpoints,
      from: outside,
      to: '192.168.56.11:30080',
      lands,
    },
    {
      name: 'a loopback address given is not enough without them',
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
      name: 'marks with another bit, to the same end',
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

describe('neighbours', () => {
  test.each<Case>([
    {
      name: 'do not reach our loopback, which route_localnet opened',
      spec: {},
      from: outside,
      to: '127.0.0.1:10249',
      lands: ['127.0.0.1:10249'],
      fate: 'dropped',
    },
  ])('$name', (packet) => expectPacket(packet));
});
