// How the fields of a cluster go together: names, roles, labels, numbers and ranges. With cluster.ts, this is the only
// validator of clusters; `plan/` trusts it.
import { addressLayout, clusterLimits, fabricMachine, ownProxy } from '../../api/cluster.ts';
import { zoneLabel } from '../../api/labels.ts';
import {
  type Cidr,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  type Ipv4,
  parseCidr,
  parseIpv4,
} from '../../api/scalars.ts';
import { nearest } from '../../kit/suggest.ts';
import { clusterDefaults } from './cluster.ts';
import { networkProblems, parsed, problemAt } from './networks.ts';
import { duplicates, type Path, type Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';

/** The names of a cluster's machines, as far as the raw data contains them. */
export const machineNamesOf = (cluster: Raw) => ({
  nodes: namesIn(cluster.nodes),
  controlPlanes: namesIn(listOf(cluster.nodes).filter(({ role }) => role === 'control-plane')),
  /** With kube-proxy, or with a program of the student in its place. */
  proxies: namesIn(
    listOf(cluster.nodes).filter(({ proxy }) => proxy !== false && recordOf(cluster.proxy).mode !== 'none'),
  ),
  clients: namesIn(cluster.clients ?? clusterDefaults.clients),
  others: namesIn(cluster.machines),
  /** False if a misspelt `nodes` or `name` hides some. */
  isComplete:
    Array.isArray(cluster.nodes) &&
    machineFields.every((field) => listOf(cluster[field]).every(({ name }) => typeof name === 'string')) &&
    Object.keys(cluster).every((key) => machineFields.includes(key) || nearest(key, machineFields) === undefined),
});

const machineFields: readonly string[] = ['nodes', 'clients', 'machines'];

const namesIn = (machines: unknown): readonly string[] =>
  listOf(machines).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));

/** Whether a node runs kube-proxy, as far as the raw data says so. */
export const runsProxy = ({ proxy = true }: Raw, cluster: Raw): boolean =>
  proxy === true && !['none', ownProxy].includes(String(recordOf(cluster.proxy).mode));

export type MachineNames = ReturnType<typeof machineNamesOf>;

/** `machine/r1` for the name of a machine. */
export const placeOf = (name: string, { nodes, clients, others }: MachineNames): string | undefined => {
  if (nodes.includes(name)) return `node/${name}`;
  if (others.includes(name)) return `machine/${name}`;
  return clients.includes(name) ? `client/${name}` : undefined;
};

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
  ...cutOffProblems(listOf(cluster.nodes)),
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

/** The lab could never start. */
const cutOffProblems = (nodes: readonly Raw[]): readonly Problem[] =>
  nodes.flatMap(({ link }, index) => {
    const { loss } = recordOf(link);
    return /^100(\.0+)?%$/.test(String(loss))
      ? [
          problemAt(
            ['nodes', index, 'link', 'loss'],
            'must be less than 100%: without packets, a node never gets Ready',
          ),
        ]
      : [];
  });

const rangeWords = {
  nodeCidr: (range: Cidr) => `the nodes’ network ${range}`,
  podCidr: (range: Cidr) => `the pods’ network ${range}`,
  serviceCidr: (range: Cidr) => `the services’ range ${range}`,
};
type RangeField = keyof typeof rangeWords;
const rangeFields = Object.keys(rangeWords) as RangeField[];

type Ranges = Readonly<Record<RangeField, Cidr | undefined>>;

const rangesOf = (cluster: Raw): Ranges =>
  Object.fromEntries(
    rangeFields.map((field) => [field, parsed(parseCidr, cluster[field] ?? clusterDefaults[field])] as const),
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
          `${rangeWords[first](a)} and ${rangeWords[second](b)} overlap; each address must belong to one of them only`,
        ),
      ];
    }),
  );

const sizeProblems = (cluster: Raw, { nodeCidr, podCidr, serviceCidr }: Ranges): readonly Problem[] => {
  const { podSubnetPrefix } = addressLayout;
  const { nodePrefix, servicePrefix } = clusterLimits;
  const problems: Problem[] = [];
  const tooSmall = (field: RangeField, range: Cidr, prefix: number) =>
    problemAt([field], `${rangeWords[field](range)} is too small; it must be a /${prefix} or larger`);
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
