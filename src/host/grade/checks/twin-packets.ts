// The packets that tell a node from its twin: to services from everywhere, and to what is no service.
import type { ClusterSpec } from '../../../api/cluster.ts';
import type { Service, ServicePort } from '../../../api/core.ts';
import type { Pod } from '../../../api/core-pods.ts';
import type { EndpointSlice } from '../../../api/discovery.ts';
import { componentPorts } from '../../../api/paths.ts';
import { cidrAddress, cidrRange } from '../../../api/scalars.ts';
import type { Entry, SentPacket } from '../../../dataplane/node/packet.ts';
import { podMachine } from '../../trace/lab.ts';

/** A packet, and where it begins in the model. */
export interface Probe {
  /** Who sends it, for messages. */
  readonly from: string;
  readonly machine: string;
  readonly entry?: Entry;
  readonly packet: SentPacket;
  /** The service sends a client that comes again to the same endpoint. */
  readonly isSticky?: true;
}

export interface Surroundings {
  readonly node: string;
  readonly address: string;
  readonly cluster: ClusterSpec;
  /** Address of each other node, by name. */
  readonly otherNodes: ReadonlyMap<string, string>;
  readonly clients: ReadonlyMap<string, string>;
  /** The running pods that have a namespace of their own in the model. */
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** More packets take longer than a student waits. */
const mostPackets = 1500;
const mostPods = { here: 12, elsewhere: 3, reached: 24 } as const;

type Origin = Omit<Probe, 'packet'> & { readonly source?: string };

/** The most telling packets come first. */
export const probesOf = (around: Surroundings): readonly Probe[] => {
  const origins = originsOf(around);
  const { inside, arriving, elsewhere } = origins;
  const toServices = around.services.flatMap((service) =>
    (service.spec.ports ?? []).flatMap((port) =>
      [
        ...send([...inside, ...arriving], clusterAddresses(service), port.port, port),
        ...send([...inside, ...arriving], outerAddresses(service), port.port, port),
        ...(port.nodePort
          ? [
              ...send([...inside, ...arriving, ...elsewhere], [around.address], port.nodePort, port),
              ...send([origins.node], ['127.0.0.1'], port.nodePort, port),
            ]
          : []),
      ].map((probe): Probe => (service.spec.sessionAffinity === 'ClientIP' ? { ...probe, isSticky: true } : probe)),
    ),
  );
  return [...toServices, ...untouched(around, origins)].slice(0, mostPackets);
};

interface Origins {
  readonly node: Origin;
  /** Processes of the node and of its pods. */
  readonly inside: readonly Origin[];
  /** From other machines, as the node receives it. */
  readonly arriving: readonly Origin[];
  /** Processes of pods and clients elsewhere. They reach this node only if they send to its address. */
  readonly elsewhere: readonly Origin[];
}

const originsOf = ({ node, pods, clients, slices, cluster }: Surroundings): Origins => {
  const backing = new Set(slices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)));
  const isBacking = ({ status }: Pod): number => (backing.has(status?.podIP ?? '') ? 0 : 1);
  const ordered = pods.toSorted((one, other) => isBacking(one) - isBacking(other));
  const here = ordered.filter(({ spec }) => spec.nodeName === node);
  const others = ordered.filter(({ spec }) => spec.nodeName !== node).slice(0, mostPods.elsewhere);
  const own: Origin = { from: node, machine: node };
  const [client = 'a machine outside'] = clients.keys();
  const outside = clients.get(client) ?? cidrAddress(cluster.nodeCidr, 200);
  const entering = (from: string, source: string): Origin => ({
    ...{ from, machine: node, entry: { kind: 'link', link: 'eth0' }, source },
  });
  return {
    node: own,
    // A pod that is no endpoint shows more than another endpoint.
    inside: [own, ...[...here.slice(0, mostPods.here - 1), ...here.slice(-1)].filter(isFirst).map(fromPod)],
    arriving: [
      entering(client, outside),
      ...others.slice(0, 1).map((pod) => entering(podName(pod), pod.status?.podIP ?? '')),
    ],
    elsewhere: [
      ...others.map(fromPod),
      ...[...clients.keys()].slice(0, 1).map((name) => ({ from: name, machine: name })),
    ],
  };
};

const isFirst = <T>(value: T, index: number, all: readonly T[]): boolean => all.indexOf(value) === index;

const podName = (pod: Pod): string => podMachine(pod).replace(/^default\//, '');

const fromPod = (pod: Pod): Origin => ({ from: podName(pod), machine: podMachine(pod) });

const isIpv4 = (address: string | undefined): address is string => address?.includes('.') ?? false;

const clusterAddresses = ({ spec }: Service): readonly string[] =>
  [...new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])])].filter(isIpv4);

const outerAddresses = ({ spec, status }: Service): readonly string[] =>
  [...(spec.externalIPs ?? []), ...(status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip)].filter(isIpv4);

const send = (
  origins: readonly Origin[],
  addresses: readonly string[],
  destinationPort: number,
  { protocol = 'TCP' }: { readonly protocol?: ServicePort['protocol'] | 'ICMP' } = {},
): readonly Probe[] =>
  addresses.flatMap((destination) =>
    origins.map(({ source, ...origin }) => ({
      ...origin,
      packet: {
        destination,
        protocol: protocol.toLowerCase(),
        ...(protocol === 'ICMP' ? {} : { destinationPort }),
        ...(source === undefined ? {} : { source }),
      },
    })),
  );

/** No service of a lab has this port. */
const unusedPort = 5001;

const untouched = (around: Surroundings, { node, inside, arriving, elsewhere }: Origins): readonly Probe[] => {
  const { address, otherNodes, pods, services, slices, cluster } = around;
  const reached = pods.slice(0, mostPods.reached);
  const everywhere = [...inside, ...arriving];
  const others = [...otherNodes.values()];
  const service = unusedAddress(cluster, services);
  const nodePort = unusedNodePort(services);
  const plain = (origins: readonly Origin[], addresses: readonly string[]): readonly Probe[] => [
    ...send(origins, addresses, unusedPort),
    ...send(origins, addresses, unusedPort, { protocol: 'UDP' }),
    ...send(origins, addresses, 0, { protocol: 'ICMP' }),
  ];
  return [
    ...reached.flatMap((pod) => {
      const to = [pod.status?.podIP ?? ''];
      const isHere = pod.spec.nodeName === around.node;
      // What another node sends to another node does not pass this one.
      const from = isHere ? [...everywhere, ...elsewhere] : inside;
      return [...portsOf(pod, slices).flatMap((port) => send(from, to, port.port ?? 0, port)), ...plain(from, to)];
    }),
    ...send(everywhere, [address], componentPorts.kubelet),
    ...plain([...everywhere, ...elsewhere], [address]),
    ...send(inside, others, componentPorts.kubelet),
    ...plain(inside, others),
    ...send([...everywhere, ...elsewhere], [address], nodePort),
    ...(service === undefined ? [] : send(everywhere, [service], 80)),
    ...services.flatMap((each) => send([...inside.slice(0, 2), ...arriving], clusterAddresses(each), unusedPort)),
    ...send([node], ['127.0.0.1'], unusedPort),
  ];
};

const portsOf = (pod: Pod, slices: readonly EndpointSlice[]): NonNullable<EndpointSlice['ports']> => {
  const ports = slices
    .filter(({ endpoints }) => endpoints.some(({ addresses }) => addresses.includes(pod.status?.podIP ?? '')))
    .flatMap((slice) => slice.ports ?? []);
  return ports.filter(
    ({ port, protocol }, index) =>
      ports.findIndex((other) => other.port === port && other.protocol === protocol) === index,
  );
};

const unusedAddress = ({ serviceCidr }: ClusterSpec, services: readonly Service[]): string | undefined => {
  const used = new Set(services.flatMap(clusterAddresses));
  const size = 2 ** (32 - cidrRange(serviceCidr).prefix);
  return Array.from({ length: Math.min(64, size - 2) }, (_, step) => cidrAddress(serviceCidr, size - 2 - step)).find(
    (address) => !used.has(address),
  );
};

const unusedNodePort = (services: readonly Service[]): number => {
  const used = new Set(services.flatMap(({ spec }) => (spec.ports ?? []).map(({ nodePort }) => nodePort)));
  let port = 32_767;
  while (used.has(port)) port -= 1;
  return port;
};
