// The cluster of a lab.yaml: its shape, its defaults and its limits. The only validator of clusters; `plan/` trusts it.
import * as z from 'zod';
import {
  addressLayout,
  clusterLimits,
  clusterNetwork,
  fabricMachine,
  podNetworks,
  reservedProxyFlags,
} from '../../api/cluster.ts';
import { zoneLabel } from '../../api/labels.ts';
import { proxyModes } from '../../api/proxy-modes.ts';
import {
  type Cidr,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  type Ipv4,
  parseCidr,
  parseIpv4,
} from '../../api/scalars.ts';
import { messageOf } from '../../kit/error.ts';
import { networkProblems, parsed, problemAt } from './networks.ts';
import { duplicates, type Path, type Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';

/** A refinement that reports what `parse` throws. */
const refineBy =
  <T>(parse: (text: string) => T) =>
  (text: string, context: z.RefinementCtx): void => {
    try {
      parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error), input: text });
    }
  };

const cidr = z
  .string()
  .superRefine(refineBy(parseCidr))
  .transform(parseCidr)
  .meta({ description: 'A network such as 10.244.0.0/16.' });
const ipv4 = z.string().superRefine(refineBy(parseIpv4)).transform(parseIpv4);

const { machineNameLength } = clusterLimits;

const machineName = z
  .string()
  .regex(new RegExp(`^[a-z]([-a-z0-9]{0,${machineNameLength - 2}}[a-z0-9])?$`), {
    error: (issue) =>
      `"${issue.input}" is not a machine name: at most ${machineNameLength} lower-case letters, digits and hyphens, ` +
      'starting with a letter and not ending with a hyphen',
  })
  .meta({
    description: `A machine’s name and host name: at most ${machineNameLength} lower-case letters, digits and hyphens.`,
  });

const defaults = {
  clients: [{ name: 'client' }],
  nodeCidr: '192.168.56.0/24',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
};

/** As Kubernetes checks it: a name of at most 63 characters, before it perhaps a domain and a slash. */
const labelKey = z
  .string()
  .regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, {
    error: (issue) => `"${issue.input}" is not the key of a label, such as disk or example.org/disk`,
  });
const labelValue = z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, {
  error: (issue) =>
    `"${issue.input}" is not the value of a label: at most 63 letters, digits, hyphens, dots and underscores`,
});

const routes = z
  .array(
    z.strictObject({
      to: z
        .string()
        .superRefine((text, context) => {
          if (text !== 'default') refineBy(parseCidr)(text, context);
        })
        .transform((text) => (text === 'default' ? text : parseCidr(text)))
        .meta({ description: 'A network such as 10.2.0.0/24, or default.' }),
      via: ipv4.meta({ description: 'The next router’s address, on a network of this machine.' }),
    }),
  )
  .meta({ description: 'Routes that the machine has beside those to its own networks.' });

const machineSchema = z.strictObject({
  name: machineName,
  role: z
    .enum(['router', 'host'])
    .default('host')
    .meta({ description: 'A router forwards packets (net.ipv4.ip_forward is 1).' }),
  networks: z
    .array(
      z.strictObject({
        name: z.string().meta({ description: `A name of \`networks\`, or ${clusterNetwork}: the nodes’ network.` }),
        address: ipv4.exactOptional().meta({ description: 'Without it, the interface has no address.' }),
      }),
    )
    .min(1)
    .max(clusterLimits.interfaces)
    .meta({ description: 'One interface each, in this order: eth0, eth1, …' }),
  routes: routes.exactOptional(),
});

const nodeSchema = z.strictObject({
  name: machineName,
  role: z.enum(['control-plane', 'worker']).default('worker'),
  labels: z
    .record(labelKey, labelValue)
    .exactOptional()
    .meta({ description: 'Labels of the Node object: { disk: ssd }.' }),
  zone: labelValue.exactOptional().meta({ description: 'Value of the label topology.kubernetes.io/zone.' }),
  routes: routes.exactOptional(),
  proxy: z.boolean().exactOptional().meta({
    description: 'false: no kube-proxy on this node. Only its program is there. Default: true.',
  }),
});

/** systemd reads the flags from a unit: no spaces, quotes or characters that it replaces. */
const proxyFlag = z
  .string()
  .regex(/^--[a-z][-a-z0-9]*(=[^\s"'`$%\\]*)?$/, {
    error: (issue) => `"${issue.input}" is not a flag such as --masquerade-all or --min-sync-period=5s`,
  })
  .superRefine((flag, context) => {
    const name = flag.split('=')[0] ?? '';
    if (!(name in reservedProxyFlags)) return;
    const field = reservedProxyFlags[name];
    const instead = field === undefined ? '' : `; write \`${field}\` in \`proxy\``;
    context.addIssue({ code: 'custom', message: `labs sets ${name} itself${instead}`, input: flag });
  });

const proxySchema = z.strictObject({
  mode: z
    .enum([...proxyModes, 'none'])
    .exactOptional()
    .meta({ description: 'none: no node has a kube-proxy. Only its program is there.' }),
  fallback: z.boolean().exactOptional().meta({
    description: 'Whether iptables mode will do where the kernel cannot run mode ipvs. Otherwise `labs start` fails.',
  }),
  verbosity: z.int().min(0).max(10).default(4),
  flags: z.array(proxyFlag).exactOptional().meta({ description: 'Further flags of kube-proxy: [--masquerade-all].' }),
});

/** The shape of `cluster` in lab.yaml. `clusterProblems` checks the relations between its fields. */
export const clusterSchema = z
  .strictObject({
    nodes: z
      .array(nodeSchema)
      .min(1)
      .meta({ description: 'In the order of the pod subnets. Exactly one is the control plane.' }),
    clients: z
      .array(z.strictObject({ name: machineName, routes: routes.exactOptional() }))
      .default(defaults.clients)
      .meta({ description: 'Machines outside of the cluster, on the nodes’ network.' }),
    networks: z
      .array(z.strictObject({ name: machineName, cidr }))
      .exactOptional()
      .meta({ description: 'Further networks. Machines reach other networks only through routers.' }),
    machines: z
      .array(machineSchema)
      .exactOptional()
      .meta({ description: 'Routers and hosts without Kubernetes, on any of the networks.' }),
    nodeCidr: cidr.prefault(defaults.nodeCidr),
    podCidr: cidr.prefault(defaults.podCidr),
    serviceCidr: cidr.prefault(defaults.serviceCidr),
    dnsAddress: ipv4.exactOptional().meta({ description: 'Default: the tenth address of serviceCidr.' }),
    podNetwork: z.enum(podNetworks).default('routes').meta({
      description: 'How pods on different nodes reach each other. none: not at all, until the student sets the routes.',
    }),
    proxy: proxySchema.prefault({}),
  })
  .meta({ description: 'The machines and networks of the lab.' });

/** What the schema has read, with the mode `none` of kube-proxy written at each node. */
export const withoutShortForms = ({ proxy: { mode, ...proxy }, nodes, ...rest }: z.output<typeof clusterSchema>) => ({
  ...rest,
  nodes: mode === 'none' ? nodes.map((node) => ({ ...node, proxy: false })) : nodes,
  proxy: mode === undefined || mode === 'none' ? proxy : { ...proxy, mode },
});

/** The names of a cluster's machines, as far as the raw data contains them. */
export const machineNamesOf = (cluster: Raw) => ({
  nodes: listOf(cluster.nodes).map(({ name }) => String(name)),
  controlPlanes: listOf(cluster.nodes)
    .filter(({ role }) => role === 'control-plane')
    .map(({ name }) => String(name)),
  proxies: listOf(cluster.nodes)
    .filter(({ proxy }) => proxy !== false && recordOf(cluster.proxy).mode !== 'none')
    .map(({ name }) => String(name)),
  clients: listOf(cluster.clients ?? defaults.clients).map(({ name }) => String(name)),
  others: listOf(cluster.machines).map(({ name }) => String(name)),
});

/**
 * Checks the relations between the fields of a cluster: names used twice, ranges that overlap, too many machines.
 * @param cluster raw data, so that problems are found even when another field has a wrong shape
 */
export const clusterProblems = (cluster: Raw): readonly Problem[] => [
  ...nameProblems(cluster),
  ...roleProblems(listOf(cluster.nodes)),
  ...labelProblems(listOf(cluster.nodes)),
  ...countProblems(cluster),
  ...rangeProblems(cluster),
  ...fallbackProblems(cluster),
  ...networkProblems(cluster, rangesOf(cluster)),
];

const nameProblems = (cluster: Raw): readonly Problem[] => {
  const named = (['nodes', 'clients', 'machines'] as const).flatMap((field) =>
    listOf(cluster[field]).map(({ name }, index) => ({ name, path: ['cluster', field, index, 'name'] as Path })),
  );
  const reserved = named
    .filter(({ name }) => name === fabricMachine)
    .map(({ path }) => problemAt(path.slice(1), `the name "${fabricMachine}" is reserved; choose another name`));
  return [...duplicates(named, 'machine'), ...reserved];
};

const roleProblems = (nodes: readonly Raw[]): readonly Problem[] => {
  const planes = nodes.flatMap(({ role }, index) => (role === 'control-plane' ? [index] : []));
  if (nodes.length > 0 && planes.length === 0)
    return [problemAt(['nodes'], 'one node must have the role control-plane')];
  return planes.slice(1).map((index) => problemAt(['nodes', index, 'role'], 'only one node can be the control plane'));
};

/** Labels that the kubelet or labs sets. */
const reservedLabels = ['kubernetes.io/hostname', 'kubernetes.io/os', 'kubernetes.io/arch'];

const labelProblems = (nodes: readonly Raw[]): readonly Problem[] =>
  nodes.flatMap(({ labels }, index) =>
    Object.keys(recordOf(labels)).flatMap((key) => {
      const path: Path = ['nodes', index, 'labels', key];
      if (key === zoneLabel) return [problemAt(path, 'write `zone` beside `labels` instead')];
      const isReserved = key.startsWith('labs/') || key.startsWith('node-role.') || reservedLabels.includes(key);
      return isReserved ? [problemAt(path, 'this label is set by labs; choose another key')] : [];
    }),
  );

const countProblems = (cluster: Raw): readonly Problem[] =>
  (['nodes', 'clients', 'machines', 'networks'] as const).flatMap((field) => {
    const count = listOf(cluster[field]).length;
    const most = clusterLimits[field];
    return count > most ? [problemAt([field], `${count} ${field} are too many; at most ${most} are possible`)] : [];
  });

const fallbackProblems = ({ proxy }: Raw): readonly Problem[] => {
  const { mode, fallback } = recordOf(proxy);
  return fallback === undefined || mode === 'ipvs'
    ? []
    : [problemAt(['proxy', 'fallback'], 'needs `mode: ipvs`, because no other mode has a substitute')];
};

const rangeWords = { nodeCidr: 'the nodes’ network', podCidr: 'the pods’ network', serviceCidr: 'the services’ range' };
type RangeField = keyof typeof rangeWords;
const rangeFields = Object.keys(rangeWords) as RangeField[];

type Ranges = Readonly<Record<RangeField, Cidr | undefined>>;

const rangesOf = (cluster: Raw): Ranges =>
  Object.fromEntries(
    rangeFields.map((field) => [field, parsed(parseCidr, cluster[field] ?? defaults[field])] as const),
  ) as Ranges;

const rangeProblems = (cluster: Raw): readonly Problem[] => {
  const ranges = rangesOf(cluster);
  return [...overlapProblems(cluster, ranges), ...sizeProblems(cluster, ranges), ...dnsProblems(cluster, ranges)];
};

const overlapProblems = (cluster: Raw, ranges: Ranges): readonly Problem[] =>
  rangeFields.flatMap((first, index) =>
    rangeFields.slice(index + 1).flatMap((second) => {
      const [a, b] = [ranges[first], ranges[second]];
      if (!a || !b || !cidrsOverlap(a, b)) return [];
      const at = cluster[second] === undefined ? first : second;
      return [
        problemAt(
          [at],
          `${rangeWords[first]} ${a} and ${rangeWords[second]} ${b} overlap; each address must belong to one of them only`,
        ),
      ];
    }),
  );

const sizeProblems = (cluster: Raw, { nodeCidr, podCidr, serviceCidr }: Ranges): readonly Problem[] => {
  const { podSubnetPrefix } = addressLayout;
  const { nodePrefix, servicePrefix } = clusterLimits;
  const problems: Problem[] = [];
  const tooSmall = (field: RangeField, range: Cidr, prefix: number) =>
    problemAt([field], `${rangeWords[field]} ${range} is too small; it must be a /${prefix} or larger`);
  if (nodeCidr && cidrRange(nodeCidr).prefix > nodePrefix) problems.push(tooSmall('nodeCidr', nodeCidr, nodePrefix));
  if (serviceCidr && cidrRange(serviceCidr).prefix > servicePrefix)
    problems.push(tooSmall('serviceCidr', serviceCidr, servicePrefix));
  if (!podCidr) return problems;
  const nodes = listOf(cluster.nodes).length;
  const subnets = Math.floor(2 ** (podSubnetPrefix - cidrRange(podCidr).prefix));
  if (subnets < Math.max(1, nodes))
    problems.push(
      problemAt(
        ['podCidr'],
        `${podCidr} has room for ${subnets} node subnets of /${podSubnetPrefix}, the lab has ${nodes} nodes`,
      ),
    );
  return problems;
};

const dnsProblems = (cluster: Raw, { serviceCidr }: Ranges): readonly Problem[] => {
  const address: Ipv4 | undefined = parsed(parseIpv4, cluster.dnsAddress);
  if (!address || !serviceCidr || cidrContains(serviceCidr, address)) return [];
  return [problemAt(['dnsAddress'], `${address} is outside of the services’ range ${serviceCidr}`)];
};
