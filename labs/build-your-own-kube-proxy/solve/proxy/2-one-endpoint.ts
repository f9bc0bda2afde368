// The proxy of task 2: packets to the address of a service go to one of its pods.
import {
  type EndpointSlice,
  jump,
  restore,
  run,
  type Service,
  type ServicePort,
  type State,
} from '../../skeleton/kube.ts';

const chain = 'MY-SERVICES';

/** The line `:MY-SERVICES` empties the chain. So rules of services and pods that are gone do not stay. */
const sync = async ({ services, slices }: State): Promise<void> => {
  const rules = services.flatMap((service) =>
    (service.spec.ports ?? []).flatMap((port) => rulesOf(service, port, endpointsOf(service, port, slices))),
  );
  await restore(['*nat', `:${chain} - [0:0]`, ...rules, 'COMMIT', ''].join('\n'));
};

const rulesOf = ({ spec }: Service, port: ServicePort, [first]: readonly string[]): readonly string[] => {
  if (spec.clusterIP === undefined || spec.clusterIP === 'None' || first === undefined) return [];
  const protocol = port.protocol.toLowerCase();
  const match = `-d ${spec.clusterIP}/32 -p ${protocol} -m ${protocol} --dport ${port.port}`;
  return [`-A ${chain} ${match} -j DNAT --to-destination ${first}`];
};

/** `ADDRESS:PORT` of each endpoint. The port of the pods has the name of the service's port. */
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
      return target ? endpoints.map(({ addresses }) => `${addresses[0]}:${target.port}`) : [];
    })
    .sort();

// Packets of pods come in by an interface, and packets of the node's own programs do not.
for (const from of ['PREROUTING', 'OUTPUT']) await jump('nat', from, chain);
await run(sync);
