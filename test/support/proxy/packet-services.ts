// The services of the packet cases, and the addresses at which each can be reached.
import { addresses, bridge, type Family } from './places.ts';
import { balancerIp, clusterIp, externalIp, nodePort, type Sketch } from './sketch.ts';

export type Entry = 'cluster' | 'nodePort' | 'bridgeNodePort' | 'localhost' | 'external' | 'balancer';

const nodePortType = { type: 'NodePort' } as const;
const balancerType = { type: 'LoadBalancer' } as const;
const draining = { conditions: { ready: false, serving: true, terminating: true } };
const dead = { conditions: { ready: false, serving: false, terminating: true } };
const zone = (name: string) => ({ hints: { forZones: [{ name }] } });
const everyExternal = (number: number) => ({ externalIPs: [externalIp(number).IPv4, externalIp(number).IPv6] });

/** Each service is for a few cases. The node is in zone-a. */
export const sketches: readonly Sketch[] = [
  { name: 'near', number: 1, endpoints: ['p1', 'p2'] },
  { name: 'wide', number: 2, endpoints: ['p1', 'r1'] },
  { name: 'port', number: 3, spec: nodePortType, endpoints: ['p1', 'r1'] },
  { name: 'ext', number: 4, spec: everyExternal(4), endpoints: ['p1', 'r1'] },
  { name: 'balanced', number: 5, spec: balancerType, endpoints: ['p1', 'r1'] },
  {
    name: 'guarded',
    number: 6,
    spec: {
      ...balancerType,
      loadBalancerSourceRanges: [`${addresses.outside.IPv4}/32`, `${addresses.outside.IPv6}/128`],
    },
    endpoints: ['p1', 'r1'],
  },
  {
    name: 'guarded-own',
    number: 21,
    spec: { ...balancerType, loadBalancerSourceRanges: [`${addresses.node.IPv4}/32`, `${addresses.node.IPv6}/128`] },
    endpoints: ['p1', 'r1'],
  },
  { name: 'proxied', number: 7, spec: balancerType, ipMode: 'Proxy', endpoints: ['p1'] },
  { name: 'self', number: 8, spec: nodePortType, endpoints: ['p1'] },
  {
    name: 'local',
    number: 9,
    spec: { ...balancerType, ...everyExternal(9), externalTrafficPolicy: 'Local' },
    endpoints: ['p1', 'r1'],
  },
  {
    name: 'elsewhere',
    number: 10,
    spec: { ...balancerType, externalTrafficPolicy: 'Local' },
    endpoints: ['r1'],
  },
  { name: 'inner', number: 11, spec: { internalTrafficPolicy: 'Local' }, endpoints: ['p1', 'r1'] },
  { name: 'inner-elsewhere', number: 12, spec: { internalTrafficPolicy: 'Local' }, endpoints: ['r1'] },
  { name: 'inner-open', number: 22, spec: { ...nodePortType, internalTrafficPolicy: 'Local' }, endpoints: ['r1'] },
  {
    name: 'hinted',
    number: 13,
    endpoints: [
      { at: 'p1', ...zone('zone-a') },
      { at: 'r1', ...zone('zone-b') },
    ],
  },
  {
    name: 'draining',
    number: 14,
    endpoints: [
      { at: 'p1', ...draining },
      { at: 'r1', ...dead },
    ],
  },
  { name: 'draining-one', number: 15, endpoints: [{ at: 'p1', ...draining }, 'p2'] },
  { name: 'empty', number: 16, spec: { ...balancerType, ...everyExternal(16) }, endpoints: [] },
  { name: 'double', number: 17, spec: nodePortType, second: true, endpoints: ['p1'] },
  {
    name: 'udp',
    number: 19,
    spec: { ...nodePortType, externalTrafficPolicy: 'Local' },
    protocol: 'UDP',
    endpoints: ['p1', 'r1'],
  },
  { name: 'udp-empty', number: 20, spec: nodePortType, protocol: 'UDP', endpoints: [] },
  { name: 'unready', number: 18, endpoints: [{ at: 'p1', conditions: { ready: false } }] },
];

/** The address and port of one way into a service. @param port 1: the second port of the service */
export const target = ({ number }: Sketch, by: Entry, family: Family, port = 0): { host: string; port: number } => {
  const [service, node] = [80 + port, nodePort(number) + 100 * port];
  switch (by) {
    case 'cluster':
      return { host: clusterIp(number)[family], port: service };
    case 'external':
      return { host: externalIp(number)[family], port: service };
    case 'balancer':
      return { host: balancerIp(number)[family], port: service };
    case 'nodePort':
      return { host: addresses.node[family], port: node };
    case 'bridgeNodePort':
      return { host: bridge[family], port: node };
    case 'localhost':
      return { host: family === 'IPv4' ? '127.0.0.1' : '::1', port: node };
  }
};
