// Computes this node's pod network from the API server's nodes. Pure.
import type { Node } from '../../api/core.ts';
import { readIp, readNetwork } from '../../api/ip.ts';
import {
  type Cidr,
  cidrAddress,
  cidrContains,
  cidrRange,
  type Ipv4,
  ipv4ToNumber,
  parseCidr,
  parseIpv4,
} from '../../api/scalars.ts';
import type { Route } from '../sys/iproute.ts';

export const modes = ['routes', 'vxlan', 'none'] as const;
export type Mode = (typeof modes)[number];

export interface NetworkOptions {
  readonly nodeName: string;
  readonly nodeIp: Ipv4;
  readonly clusterCidr: Cidr;
  readonly mode: Mode;
}

export interface Network {
  readonly bridge: {
    readonly name: string;
    readonly address: string;
    readonly podCidr: Cidr;
    readonly mac: string;
    readonly mtu: number;
  };
  readonly vxlan?: Vxlan;
  /** Undefined in mode none: the routes between nodes, and a device `vxlan1`, are somebody else's. */
  readonly routes?: readonly Route[];
  /** The content of the CNI configuration file. */
  readonly conflist: string;
}

export interface Vxlan {
  readonly device: string;
  readonly local: Ipv4;
  readonly mac: string;
  readonly address: Ipv4;
  readonly peers: readonly { readonly mac: string; readonly nodeIp: Ipv4; readonly gateway: Ipv4 }[];
}

export const bridgeName = 'cni0';
export const vxlanDevice = 'vxlan1';
/** 1500 bytes minus the headers of VXLAN: Ethernet, IP, UDP and VXLAN (RFC 7348). */
const vxlanMtu = 1450;

/**
 * Undefined until this node has a pod CIDR. Nodes without a pod CIDR and an address of IPv4 are left out: one odd node
 * must not cost the others their routes.
 */
export const desiredNetwork = (nodes: Iterable<Node>, options: NetworkOptions): Network | undefined => {
  const members = [...nodes]
    .flatMap(memberOf)
    .filter(({ podCidr }) => cidrContains(options.clusterCidr, cidrAddress(podCidr, 0)));
  const self = members.find(({ name }) => name === options.nodeName);
  if (!self) return undefined;
  const peers = members
    .filter((member) => member !== self)
    .sort((a, b) => ipv4ToNumber(a.nodeIp) - ipv4ToNumber(b.nodeIp));
  const overlay = options.mode === 'vxlan';
  const gateway = cidrAddress(self.podCidr, 1);
  const mtu = overlay ? vxlanMtu : 1500;
  return {
    bridge: {
      name: bridgeName,
      address: `${gateway}/${cidrRange(self.podCidr).prefix}`,
      podCidr: self.podCidr,
      // Without a fixed MAC address, a bridge takes the address of one of its ports, and changes it when the port is
      // deleted. The ARP entries of pods would become stale.
      mac: macFrom('0a:58', gateway),
      mtu,
    },
    ...(overlay ? { vxlan: vxlanFor(self, peers, options.nodeIp) } : {}),
    ...(options.mode === 'none'
      ? {}
      : {
          routes: peers.map(({ podCidr, nodeIp }) =>
            overlay
              ? { destination: podCidr, gateway: cidrAddress(podCidr, 0), device: vxlanDevice, onLink: true }
              : { destination: podCidr, gateway: nodeIp, device: '' },
          ),
        }),
    conflist: conflist(self.podCidr, mtu),
  };
};

interface Member {
  readonly name: string;
  readonly podCidr: Cidr;
  readonly nodeIp: Ipv4;
}

const memberOf = ({ metadata, spec, status }: Node): Member[] => {
  const addresses = status?.addresses
    ?.filter(({ type }) => type === 'InternalIP')
    .map(({ address }) => readIp(address));
  const nodeIp = addresses?.find((address) => address?.family === 'IPv4');
  const podCidr = readNetwork(spec?.podCIDR ?? '');
  if (podCidr?.family !== 'IPv4' || !nodeIp) return [];
  return [{ name: metadata.name, podCidr: parseCidr(podCidr.text), nodeIp: parseIpv4(nodeIp.text) }];
};

/** As in flannel, the device has the first address of the node's pod CIDR, and all neighbours are permanent. */
const vxlanFor = (self: Member, peers: readonly Member[], local: Ipv4): Vxlan => ({
  device: vxlanDevice,
  local,
  mac: macFrom('0a:5a', local),
  address: cidrAddress(self.podCidr, 0),
  peers: peers.map(({ nodeIp, podCidr }) => ({
    mac: macFrom('0a:5a', nodeIp),
    nodeIp,
    gateway: cidrAddress(podCidr, 0),
  })),
});

/** A locally administered MAC address that contains the IPv4 address. */
const macFrom = (prefix: string, address: Ipv4): string =>
  [prefix, ...address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':');

const conflist = (podCidr: Cidr, mtu: number): string =>
  `${JSON.stringify(
    {
      cniVersion: '1.0.0',
      name: 'pod-network',
      plugins: [
        {
          type: 'bridge',
          bridge: bridgeName,
          isGateway: true,
          hairpinMode: true,
          ipMasq: false,
          mtu,
          ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
        },
        { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      ],
    },
    undefined,
    2,
  )}\n`;
