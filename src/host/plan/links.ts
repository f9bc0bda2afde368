// Where machines are in the lab's networks: addresses, links, routes, and the names that others know them by.
import { type Attachment, addressLayout, type ClusterSpec, type RouteSpecification } from '../../api/cluster.ts';
import { componentPorts } from '../../api/paths.ts';
import { cidrAddress, cidrRange, type Ipv4 } from '../../api/scalars.ts';
import type { Link, LinkQuality } from '../../api/wiring.ts';
import { bridgeName, labels, linkName, macOf } from './names.ts';
import type { LinkPlan, NetworkPlan } from './types.ts';

export const nodeAddress = ({ nodeCidr }: ClusterSpec, index: number): Ipv4 =>
  cidrAddress(nodeCidr, addressLayout.firstNode + index);
export const clientAddress = ({ nodeCidr }: ClusterSpec, index: number): Ipv4 =>
  cidrAddress(nodeCidr, addressLayout.firstClient + index);

export const networkOf = (spec: ClusterSpec): NetworkPlan => {
  const controlPlane = spec.nodes.findIndex((node) => node.role === 'control-plane');
  return {
    bridge: {
      name: bridgeName,
      address: cidrAddress(spec.nodeCidr, addressLayout.bridge),
      prefix: cidrRange(spec.nodeCidr).prefix,
    },
    nodeCidr: spec.nodeCidr,
    podCidr: spec.podCidr,
    serviceCidr: spec.serviceCidr,
    dnsAddress: spec.dnsAddress,
    apiServer: { address: nodeAddress(spec, controlPlane), port: componentPorts.apiServer },
  };
};

export interface Numbered {
  readonly name: string;
  readonly index: number;
}

export const linkOf = ({ bridge }: NetworkPlan, address: Ipv4, quality?: LinkQuality): LinkPlan => ({
  interface: linkName,
  address,
  prefix: bridge.prefix,
  gateway: bridge.address,
  mac: macOf(address),
  ...qualityOf(quality),
});

const qualityOf = (quality: LinkQuality | undefined) => (quality ? { quality } : {});

export const linkLabel = (link: LinkPlan): Readonly<Record<string, string>> => ({
  [labels.link]: `${link.address}/${link.prefix} via ${link.gateway}`,
  ...(link.quality ? { [labels.quality]: JSON.stringify(link.quality) } : {}),
});

export const hostsOf = (spec: ClusterSpec): readonly string[] => [
  ...spec.nodes.map(({ name }, index) => `${name}:${nodeAddress(spec, index)}`),
  ...spec.clients.map(({ name }, index) => `${name}:${clientAddress(spec, index)}`),
  ...(spec.machines ?? []).flatMap(({ name, networks }) => {
    const address = networks.find((each) => each.address !== undefined)?.address;
    return address === undefined ? [] : [`${name}:${address}`];
  }),
];

export const routesOf = ({ routes = [] }: { readonly routes?: readonly RouteSpecification[] }) =>
  routes.length === 0 ? {} : { routes };

export const routesLabel = ({ routes = [] }: { readonly routes?: readonly RouteSpecification[] }) =>
  routes.length === 0 ? {} : { [labels.routes]: JSON.stringify(routes) };

export const otherLink = (
  spec: ClusterSpec,
  { bridge }: NetworkPlan,
  { name, address, link, one, index }: Attachment & { readonly one: Numbered; readonly index: number },
): Link => {
  const network = spec.networks?.find((each) => each.name === name);
  // Two digits each: there are at most 16 machines with 8 interfaces.
  const number = [one.index, index].map((value) => String(value).padStart(2, '0'));
  return {
    interface: `eth${index}`,
    prefix: network ? cidrRange(network.cidr).prefix : bridge.prefix,
    ...(network ? { bridge: network.name } : {}),
    ...(address === undefined
      ? { mac: `02:43:00:00:${number.join(':')}`, port: `lab-m${number.join('i')}` }
      : { address, mac: macOf(address) }),
    ...qualityOf(link ?? network?.link),
  };
};
