// The proxy of task 6: services are reachable from outside, by a port of every node.
import {
  type EndpointSlice,
  jump,
  node,
  restore,
  run,
  type Service,
  type ServicePort,
  type State,
} from '../../skeleton/kube.ts';

const chain = 'MY-SERVICES';
const rejects = 'MY-REJECTS';
const sources = 'MY-SOURCES';
/** On packets that need the node's own address as their source. The number is any bit that nobody else uses. */
const mark = '0x4000';

/** A line such as `:MY-SERVICES` empties the chain. So rules of services and pods that are gone do not stay. */
const sync = async ({ services, slices }: State): Promise<void> => {
  const ports = services.flatMap((service) =>
    (service.spec.ports ?? []).map((port) => ({ service, port, endpoints: endpointsOf(service, port, slices) })),
  );
  const nat = [
    '*nat',
    `:${chain} - [0:0]`,
    `:${sources} - [0:0]`,
    ...ports.flatMap(translations),
    masquerade,
    'COMMIT',
  ];
  const filter = ['*filter', `:${rejects} - [0:0]`, ...ports.flatMap(refusals), 'COMMIT'];
  await restore([...nat, ...filter, ''].join('\n'));
};

/** A port of a service, and `ADDRESS:PORT` of each of its endpoints. */
interface Port {
  readonly service: Service;
  readonly port: ServicePort;
  readonly endpoints: readonly string[];
}

/** In POSTROUTING a packet has lost its first destination. So PREROUTING leaves a mark on it. */
const masquerade = `-A ${sources} -m mark --mark ${mark}/${mark} -j MASQUERADE`;

/** Packets to the address of the service, and to its port on any address of the node. A headless one has neither. */
const matchesOf = ({ service: { spec }, port }: Port) => {
  const protocol = port.protocol.toLowerCase();
  const to = (number: number): string => `-p ${protocol} -m ${protocol} --dport ${number}`;
  return {
    cluster:
      spec.clusterIP === undefined || spec.clusterIP === 'None' ? [] : [`-d ${spec.clusterIP}/32 ${to(port.port)}`],
    node: port.nodePort === undefined ? [] : [`-m addrtype --dst-type LOCAL ${to(port.nodePort)}`],
  };
};

/** The answer must come back through this node, which alone can reverse the translation. From pods it does anyway. */
const translations = (port: Port): readonly string[] => {
  const { cluster, node: nodePort } = matchesOf(port);
  const marking = `-j MARK --or-mark ${mark}`;
  return [
    ...cluster.map((match) => `-A ${chain} ${match} ! -s ${node.podCidr} ${marking}`),
    ...nodePort.map((match) => `-A ${chain} ${match} ${marking}`),
    ...[...cluster, ...nodePort].flatMap((match) => toEndpoints(match, port)),
  ];
};

/** The table nat cannot refuse packets. */
const refusals = (port: Port): readonly string[] => {
  const { cluster, node: nodePort } = matchesOf(port);
  const refused = port.endpoints.length > 0 ? [] : [...cluster, ...nodePort];
  return refused.map((match) => `-A ${rejects} ${match} -j REJECT`);
};

const toEndpoints = (match: string, { endpoints }: Port): readonly string[] =>
  shares(endpoints).map(({ condition, to }) => `-A ${chain} ${match} ${condition} -j DNAT --to-destination ${to}`);

/** A rule sees only what the rules before it have left: of three, the first takes 1/3, the second 1/2, the last all. */
const shares = (endpoints: readonly string[]) =>
  endpoints.map((to, index) => {
    const left = endpoints.length - index;
    return { to, condition: left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(8)}` };
  });

/** `ADDRESS:PORT` of each ready endpoint. The port of the pods has the name of the service's port. */
const endpointsOf = (
  { metadata }: Service,
  { name = '' }: ServicePort,
  slices: readonly EndpointSlice[],
): readonly string[] =>
  slices
    .filter((slice) => slice.metadata.namespace === metadata.namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
    .flatMap(({ endpoints = [], ports = [] }) => {
      const target = ports.find((each) => (each.name ?? '') === name);
      // A condition that is missing means true.
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
      return target ? ready.map(({ addresses }) => `${addresses[0]}:${target.port}`) : [];
    })
    .sort();

// Packets of pods come in by an interface, and packets of the node's own programs do not.
for (const from of ['PREROUTING', 'OUTPUT']) await jump('nat', from, chain);
await jump('nat', 'POSTROUTING', sources);
for (const from of ['INPUT', 'FORWARD', 'OUTPUT']) await jump('filter', from, rejects);
await run(sync);
