// One service port with its endpoints → its virtual servers, and its members of sets. Pure.

import { canonicalIp, networkAddress, networkContains } from '../../../api/ip.ts';
import { familyOf, type NodeView, type ProxyEndpoint, type ServicePort } from '../types.ts';
import { type Categories, categorize } from '../view/categorize.ts';
import type { SetKey } from './sets.ts';

/** An address and port for which IPVS chooses one of several real servers. */
export interface VirtualServer {
  readonly protocol: ServicePort['protocol'];
  /** `ip:port`, or `[ip]:port` for IPv6. */
  readonly address: string;
  readonly scheduler: string;
  /** Seconds of ClientIP affinity; undefined: none. */
  readonly persistSeconds: number | undefined;
  /** Real servers as `ip:port`. */
  readonly backends: readonly string[];
}

export interface BuildOptions {
  readonly node: NodeView;
  readonly scheduler: string;
  /** The machine's own addresses. They are never added to the link. */
  readonly machineAddresses: readonly string[];
  /** Addresses that accept node ports. */
  readonly nodePortAddresses: readonly string[];
}

/** What one service port wants in the kernel. Several service ports may want the same thing. */
export interface PortPieces {
  readonly servers: readonly VirtualServer[];
  readonly members: readonly (readonly [set: SetKey, member: string])[];
  /** Load balancer IPs whose source ranges do not include this node. */
  readonly keptFromNode: readonly KeptFromNode[];
}

/** An address, port and protocol (`tcp`) that this node itself must not reach. */
export interface KeptFromNode {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

type Member = PortPieces['members'][number];

export const buildPort = (
  port: ServicePort,
  endpoints: readonly ProxyEndpoint[],
  options: BuildOptions,
): PortPieces => {
  const categories = categorize(port, endpoints, options.node);
  const inside = addressesOf(port.internalPolicyLocal ? localFirst(categories) : categories.cluster);
  const outside = addressesOf(port.externalPolicyLocal ? localFirst(categories) : categories.cluster);
  const serve = (ip: string, number: number, backends: readonly string[]): VirtualServer => ({
    protocol: port.protocol,
    address: hostPort(ip, number),
    scheduler: options.scheduler,
    persistSeconds: port.affinitySeconds,
    backends,
  });
  const nodePortAddresses = port.nodePort === 0 ? [] : options.nodePortAddresses;
  return {
    servers: [
      serve(port.clusterIp, port.port, inside),
      ...[...port.externalIps, ...port.loadBalancerIps].map((ip) => serve(ip, port.port, outside)),
      ...nodePortAddresses.map((ip) => serve(ip, port.nodePort, outside)),
    ],
    members: [
      ...hairpins(port, categories),
      ['CLUSTER-IP', withPort(port, port.clusterIp)],
      ...externalMembers(port),
      ...balancerMembers(port, options.node),
      ...nodePortMembers(port, nodePortAddresses),
      ...(port.healthCheckNodePort === 0
        ? []
        : [['HEALTH-CHECK-NODE-PORT', String(port.healthCheckNodePort)] satisfies Member]),
      ...[port.clusterIp, ...port.externalIps, ...port.loadBalancerIps]
        .map(canonicalIp)
        .filter((ip) => !options.machineAddresses.includes(ip))
        .map((ip): Member => ['IPVS-IPS', ip]),
    ],
    keptFromNode: port.loadBalancerIps
      .filter((ip) => port.sourceRanges.length > 0 && !allowsNode(port, options.node, ip))
      .map((ip) => ({ ip: canonicalIp(ip), port: port.port, protocol: port.protocol.toLowerCase() })),
  };
};

/**
 * A policy Local without an endpoint on this node uses the cluster's endpoints, as in the original: IPVS cannot
 * distinguish pods of this node from clients outside. Connections of clients outside then fail, because nothing
 * masquerades them. A service that is not reachable from outside has no cluster endpoints under internal policy Local.
 */
const localFirst = ({ cluster, local }: Categories): readonly ProxyEndpoint[] => (local.length > 0 ? local : cluster);

const addressesOf = (endpoints: readonly ProxyEndpoint[]): readonly string[] => [
  ...new Set(endpoints.map(({ ip, port }) => hostPort(ip, port))),
];

const hostPort = (ip: string, port: number): string =>
  ip.includes(':') ? `[${canonicalIp(ip)}]:${port}` : `${ip}:${port}`;

const withPort = ({ protocol, port }: ServicePort, ip: string, number: number = port): string =>
  `${canonicalIp(ip)},${protocol.toLowerCase()}:${number}`;

/** A pod of this node that reaches itself must not see its own address as the client. */
const hairpins = (port: ServicePort, { reachable }: Categories): Member[] =>
  reachable
    .filter(({ local }) => local)
    .map((endpoint) => ['LOOP-BACK', `${withPort(port, endpoint.ip, endpoint.port)},${canonicalIp(endpoint.ip)}`]);

const externalMembers = (port: ServicePort): Member[] =>
  port.externalIps.map((ip) => [port.externalPolicyLocal ? 'EXTERNAL-IP-LOCAL' : 'EXTERNAL-IP', withPort(port, ip)]);

const balancerMembers = (port: ServicePort, node: NodeView): Member[] =>
  port.loadBalancerIps.flatMap((ip): Member[] => {
    const member = withPort(port, ip);
    const guard: Member[] =
      port.sourceRanges.length === 0
        ? []
        : [
            ...port.sourceRanges
              .flatMap(canonicalNetworks)
              .map((range): Member => ['LOAD-BALANCER-SOURCE-CIDR', `${member},${range}`]),
            // The address is on kube-ipvs0, so the node's own packets to it have it as their source, too.
            ...(allowsNode(port, node, ip)
              ? [['LOAD-BALANCER-SOURCE-IP', `${member},${canonicalIp(ip)}`] satisfies Member]
              : []),
            ['LOAD-BALANCER-FW', member],
          ];
    const keepsSource: Member[] = port.externalPolicyLocal ? [['LOAD-BALANCER-LOCAL', member]] : [];
    return [...guard, ...keepsSource, ['LOAD-BALANCER', member]];
  });

/** A network as `ipset` lists it. A set cannot hold the network of all addresses, only its two halves. */
const canonicalNetworks = (cidr: string): readonly string[] => {
  const [address = '', prefix] = cidr.split('/');
  if (Number(prefix) === 0) return address.includes(':') ? ['::/1', '8000::/1'] : ['0.0.0.0/1', '128.0.0.0/1'];
  const network = networkAddress(cidr) ?? address;
  const isSingle = prefix === undefined || prefix === (address.includes(':') ? '128' : '32');
  return [isSingle ? network : `${network}/${prefix}`];
};

/** Whether the source ranges of a load balancer include this node. */
const allowsNode = ({ sourceRanges }: ServicePort, { addresses }: NodeView, ip: string): boolean => {
  const nodeIp = addresses[familyOf(ip)];
  return nodeIp !== undefined && sourceRanges.some((range) => networkContains(range, nodeIp));
};

const nodePortMembers = (port: ServicePort, addresses: readonly string[]): Member[] => {
  if (addresses.length === 0) return [];
  if (port.protocol === 'SCTP') {
    const members = addresses.map((ip) => withPort(port, ip, port.nodePort));
    return [
      ...members.filter(() => port.externalPolicyLocal).map((text): Member => ['NODE-PORT-LOCAL-SCTP-HASH', text]),
      ...members.map((text): Member => ['NODE-PORT-SCTP-HASH', text]),
    ];
  }
  const number = String(port.nodePort);
  return [
    ...(port.externalPolicyLocal ? [[`NODE-PORT-LOCAL-${port.protocol}`, number] satisfies Member] : []),
    [`NODE-PORT-${port.protocol}`, number],
  ];
};
