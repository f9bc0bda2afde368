// Helpers for the solutions: the rules of services on one node, in place of those that a student has for it.
import type { KubeObject, LabHandle, Service } from 'kube-network-labs/lab';
import { forget, forgetMasquerading } from './forget.ts';

interface EndpointSlice extends KubeObject {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

export interface Wanted {
  readonly node: string;
  /** `NAME`, or `NAMESPACE/NAME`. */
  readonly services: readonly string[];
}

interface Door {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

interface Port {
  readonly chain: string;
  readonly doors: readonly Door[];
  readonly protocol: 'tcp' | 'udp';
  readonly endpoints: readonly string[];
  readonly sticky: boolean;
}

/** Writes rules for packets of pods, of other machines, and of the node's own processes. */
export const writeRules = async (lab: LabHandle, { node, services }: Wanted): Promise<void> => {
  const all = await Promise.all(services.map((each) => serviceOf(lab, each)));
  const found = all.filter((service) => service !== undefined);
  if (found.length < all.length) throw new Error(`One of these services is missing: ${services.join(', ')}`);
  await forget(lab, node, found.flatMap(identifiers));
  const ports = (await Promise.all(found.map((service) => portsOf(lab, service, node)))).flat();
  const tables = {
    nat: [...ports.map(({ chain }) => `:${chain} - [0:0]`), ...ports.flatMap(natRules)],
    filter: ports.flatMap(filterRules),
  };
  const input = Object.entries(tables).map(([table, rules]) => [`*${table}`, ...rules, 'COMMIT', ''].join('\n'));
  await lab.node(node).restoreRules(input.join(''));
};

/** Removes what leads to the services on a node. */
export const removeRules = async (lab: LabHandle, { node, services }: Wanted): Promise<void> => {
  const all = await Promise.all(services.map((each) => serviceOf(lab, each)));
  await forget(
    lab,
    node,
    all.flatMap((service) => (service ? identifiers(service) : [])),
  );
};

const serviceOf = (lab: LabHandle, name: string): Promise<Service | undefined> =>
  lab.object<Service>(`service/${name.includes('/') ? name : `default/${name}`}`);

/** What a rule of the service contains: its address, or its node port. */
const identifiers = ({ spec }: Service): readonly (string | number)[] => [
  ...(spec.clusterIP === undefined ? [] : [spec.clusterIP]),
  ...(spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? []),
];

const portsOf = async (lab: LabHandle, service: Service, node: string): Promise<readonly Port[]> => {
  const { name = '', namespace = 'default' } = service.metadata;
  const list = await lab.kubectl('get', 'endpointslices', '-n', namespace, '-o', 'json', '-l', label(name));
  const slices = (JSON.parse(list) as { readonly items: readonly EndpointSlice[] }).items;
  const address = await addressOf(lab, node);
  return (service.spec.ports ?? []).map((port, index): Port => {
    const protocol: Door['protocol'] = port.protocol === 'UDP' ? 'udp' : 'tcp';
    const doors: readonly Door[] = [
      { address: service.spec.clusterIP ?? '', port: port.port, protocol },
      ...(port.nodePort
        ? [address, loopback].map((each) => ({ address: each, port: port.nodePort ?? 0, protocol }))
        : []),
    ];
    const endpoints = slices.flatMap((slice) => {
      const to = slice.ports?.find((each) => (each.name ?? '') === (port.name ?? ''))?.port;
      const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return to === undefined ? [] : ready.flatMap(({ addresses }) => addresses.map((each) => `${each}:${to}`));
    });
    const sticky = service.spec.sessionAffinity === 'ClientIP';
    return { chain: `BYHAND-${name}-${index}`, doors, protocol, endpoints, sticky };
  });
};

const loopback = '127.0.0.1';

/** Only the node itself sends to its loopback address. */
const hooksOf = ({ address }: Door): readonly string[] =>
  address === loopback ? ['OUTPUT'] : ['PREROUTING', 'OUTPUT'];

const label = (service: string): string => `kubernetes.io/service-name=${service}`;

const addressOf = (lab: LabHandle, node: string): Promise<string> =>
  lab.kubectl('get', 'node', node, '-o', 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}');

const match = ({ address, port, protocol }: Door): string =>
  `-d ${address}/32 -p ${protocol} -m ${protocol} --dport ${port}`;

const natRules = ({ chain, doors, protocol, endpoints, sticky }: Port): readonly string[] => [
  ...(endpoints.length === 0
    ? []
    : doors.flatMap((door) => hooksOf(door).map((hook) => `-A ${hook} ${match(door)} -j ${chain}`))),
  ...(sticky ? stickyRules(chain, protocol, endpoints) : []),
  ...endpoints.map((endpoint, index) => {
    const remember = sticky ? `-m recent --name ${listName(chain, index)} --set` : '';
    const left = endpoints.length - index;
    const share = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)}` : '';
    return `-A ${chain} -p ${protocol} ${share} ${remember} -j DNAT --to-destination ${endpoint}`;
  }),
];

/** The match `statistic` comes first: the next one, which remembers, sees only the packets that were chosen. */
const stickyRules = (chain: string, protocol: string, endpoints: readonly string[]): readonly string[] =>
  endpoints.map(
    (endpoint, index) =>
      `-A ${chain} -p ${protocol} -m recent --name ${listName(chain, index)} --update --seconds 10800 ` +
      `-j DNAT --to-destination ${endpoint}`,
  );

const listName = (chain: string, index: number): string => `${chain.toLowerCase()}-${index}`;

const filterRules = ({ doors, endpoints }: Port): readonly string[] =>
  endpoints.length > 0
    ? []
    : doors.flatMap((door) => ['FORWARD', 'OUTPUT'].map((hook) => `-A ${hook} ${match(door)} -j REJECT`));

/** Masquerades what comes back to the pod that sent it, and what a node port or a sender outside of the pods needs. */
export const writeMasquerading = async (lab: LabHandle, node: string): Promise<void> => {
  const address = await addressOf(lab, node);
  const pods = JSON.parse(await lab.kubectl('get', 'pods', '-l', 'app in (fruit, clock)', '-o', 'json')) as PodList;
  const own = pods.items.flatMap(({ status }) => status.podIP ?? []);
  const translated = '-A POSTROUTING -m conntrack --ctstate DNAT';
  const rules = [
    ...own.map((pod) => `${translated} -s ${pod}/32 -d ${pod}/32 -j MASQUERADE`),
    `${translated} ! -s 10.244.0.0/16 -j MASQUERADE`,
    `${translated} -p tcp --ctorigdst ${address} --ctorigdstport 30090 -j MASQUERADE`,
  ];
  await forgetMasquerading(lab, node);
  await lab.node(node).restoreRules(`*nat\n${rules.join('\n')}\nCOMMIT\n`);
};

interface PodList {
  readonly items: readonly { readonly status: { readonly podIP?: string } }[];
}
