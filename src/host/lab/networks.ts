// The relations between the networks, machines and routes of a lab.yaml: ranges that overlap, addresses used twice or
// outside of their network, routes through a router that the machine cannot reach.
import { addressLayout, clusterNetwork } from '../../api/cluster.ts';
import {
  type Cidr,
  cidrAddress,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  type Ipv4,
  parseCidr,
  parseIpv4,
} from '../../api/scalars.ts';
import { didYouMean } from '../../kit/suggest.ts';
import { duplicates, formatPath, type Path, type Problem } from './problem.ts';
import { listOf, type Raw } from './raw.ts';

/** @param path below `cluster` */
export const problemAt = (path: Path, message: string): Problem => ({
  path: ['cluster', ...path],
  message: `${formatPath(['cluster', ...path])}: ${message}`,
});

/** Undefined for a value that the schema has already refused. */
export const parsed = <T>(parse: (text: string) => T, value: unknown): T | undefined => {
  try {
    return typeof value === 'string' ? parse(value) : undefined;
  } catch {
    return undefined;
  }
};

interface Ranges {
  readonly nodeCidr: Cidr | undefined;
  readonly podCidr: Cidr | undefined;
  readonly serviceCidr: Cidr | undefined;
}

export const networkProblems = (cluster: Raw, ranges: Ranges): readonly Problem[] => {
  const networks = listOf(cluster.networks).map(({ name, cidr }) => ({
    name: String(name),
    cidr: parsed(parseCidr, cidr),
  }));
  const all = [{ name: clusterNetwork, cidr: ranges.nodeCidr }, ...networks];
  return [
    ...duplicates(
      networks.map(({ name }, index) => ({ name, path: ['cluster', 'networks', index, 'name'] })),
      'network',
    ),
    ...reservedProblems(networks),
    ...overlaps(networks, ranges),
    ...attachmentProblems(cluster, all),
    ...routeProblems(cluster, all),
    ...balancerProblems(cluster, ranges.nodeCidr),
  ];
};

interface Network {
  readonly name: string;
  readonly cidr: Cidr | undefined;
}

/** The network's bridge has its name, and the fabric has interfaces of its own. */
const reservedProblems = (networks: readonly Network[]): readonly Problem[] =>
  networks.flatMap(({ name }, index) =>
    name === clusterNetwork || name === 'lo' || name === 'lab0' || name.startsWith('lab-')
      ? [problemAt(['networks', index, 'name'], `the name "${name}" is reserved; choose another name`)]
      : [],
  );

const overlaps = (networks: readonly Network[], { nodeCidr, podCidr, serviceCidr }: Ranges): readonly Problem[] => {
  const others = [
    { words: 'the nodes’ network', cidr: nodeCidr },
    { words: 'the pods’ network', cidr: podCidr },
    { words: 'the services’ range', cidr: serviceCidr },
    ...networks.map(({ name, cidr }) => ({ words: `the network ${name}`, cidr })),
  ];
  return networks.flatMap(({ cidr }, index) => {
    const found = others
      .slice(0, 3 + index)
      .find((other) => cidr !== undefined && other.cidr !== undefined && cidrsOverlap(cidr, other.cidr));
    if (!found) return [];
    const message = `${cidr} and ${found.words} ${found.cidr} overlap; each address must belong to one of them only`;
    return [problemAt(['networks', index, 'cidr'], message)];
  });
};

/** Who has an address already, in the words of a problem. */
type Taken = Map<Ipv4, string>;

const attachmentProblems = (cluster: Raw, networks: readonly Network[]): readonly Problem[] => {
  const taken = takenBy(cluster, networks[0]?.cidr);
  return listOf(cluster.machines).flatMap((machine, m) => {
    const seen = new Set<string>();
    return listOf(machine.networks).flatMap(({ name, address }, n): readonly Problem[] => {
      const path: Path = ['machines', m, 'networks', n];
      const network = networks.find((each) => each.name === name);
      if (!network) {
        const known = networks.map((each) => each.name);
        return typeof name === 'string'
          ? [problemAt([...path, 'name'], `there is no network "${name}"${didYouMean(name, known)}`)]
          : [];
      }
      if (seen.has(network.name)) return [problemAt([...path, 'name'], `the machine is on "${name}" already`)];
      seen.add(network.name);
      const found = parsed(parseIpv4, address);
      if (!found || !network.cidr) return [];
      const wrong = addressProblem(found, { name: network.name, cidr: network.cidr }, taken);
      taken.set(found, String(machine.name));
      return wrong === undefined ? [] : [problemAt([...path, 'address'], wrong)];
    });
  });
};

/** The addresses of the nodes' network that labs gives to others. */
const takenBy = (cluster: Raw, nodeCidr: Cidr | undefined): Taken => {
  const taken: Taken = new Map();
  if (!nodeCidr) return taken;
  const take = (index: number, name: string): unknown => taken.set(cidrAddress(nodeCidr, index), name);
  take(addressLayout.bridge, 'the fabric');
  const names = (field: string, fallback: readonly Raw[] = []): readonly string[] =>
    (cluster[field] === undefined ? fallback : listOf(cluster[field])).map(({ name }) => String(name));
  for (const [index, name] of names('nodes').entries()) take(addressLayout.firstNode + index, name);
  for (const [index, name] of names('clients', [{ name: 'client' }]).entries())
    take(addressLayout.firstClient + index, name);
  return taken;
};

/** Clients ask for these addresses by ARP, so they belong to the nodes' network, and to no machine. */
const balancerProblems = (cluster: Raw, nodeCidr: Cidr | undefined): readonly Problem[] => {
  const range = parsed(parseCidr, cluster.loadBalancerCidr);
  if (!range || !nodeCidr) return [];
  const problem = (message: string) => [problemAt(['loadBalancerCidr'], message)];
  const [inner, outer] = [cidrRange(range), cidrRange(nodeCidr)];
  if (inner.first < outer.first || inner.last > outer.last)
    return problem(`${range} is not a part of the nodes’ network ${nodeCidr}`);
  if (inner.first === outer.first || inner.last === outer.last)
    return problem(`${range} has the first or the last address of ${nodeCidr}, which nobody can have`);
  const [owned] = [...takenBy(cluster, nodeCidr), ...attachedTo(cluster)].filter(([address]) =>
    cidrContains(range, address),
  );
  return owned === undefined
    ? []
    : problem(`${range} contains ${owned[0]}, which is already the address of ${owned[1]}`);
};

/** The addresses on the nodes' network that lab.yaml gives to machines. */
const attachedTo = (cluster: Raw): readonly (readonly [Ipv4, string])[] =>
  listOf(cluster.machines).flatMap((machine) =>
    listOf(machine.networks).flatMap(({ name, address }) => {
      const found = name === clusterNetwork ? parsed(parseIpv4, address) : undefined;
      return found === undefined ? [] : [[found, String(machine.name)] as const];
    }),
  );

const addressProblem = (
  address: Ipv4,
  { name, cidr }: { readonly name: string; readonly cidr: Cidr },
  taken: Taken,
): string | undefined => {
  if (!cidrContains(cidr, address)) return `${address} is outside of the network ${name} ${cidr}`;
  const { prefix } = cidrRange(cidr);
  // A network of two addresses has no broadcast address (RFC 3021).
  const isEdge = [0, 2 ** (32 - prefix) - 1].some((index) => cidrAddress(cidr, index) === address);
  if (prefix < 31 && isEdge) return `${address} is the first or the last address of ${cidr}, which no machine can have`;
  const owner = taken.get(address);
  return owner === undefined ? undefined : `${address} is already the address of ${owner}`;
};

/** A next hop must be on a network where the machine has an address: else the kernel refuses the route. */
const routeProblems = (cluster: Raw, networks: readonly Network[]): readonly Problem[] => {
  const cidrOf = (wanted: unknown): Cidr | undefined => networks.find(({ name }) => name === wanted)?.cidr;
  const inCluster = [cidrOf(clusterNetwork)];
  return (['nodes', 'clients', 'machines'] as const).flatMap((field) =>
    listOf(cluster[field]).flatMap((machine, m) => {
      const own = listOf(machine.networks).filter(({ address }) => parsed(parseIpv4, address) !== undefined);
      const reached = field === 'machines' ? own.map(({ name }) => cidrOf(name)) : inCluster;
      const seen = new Set<unknown>();
      return listOf(machine.routes).flatMap(({ to, via }, r): readonly Problem[] => {
        const path: Path = [field, m, 'routes', r];
        const repeated = seen.has(to);
        seen.add(to);
        if (repeated) return [problemAt([...path, 'to'], `the machine has a route to ${String(to)} already`)];
        const next = parsed(parseIpv4, via);
        // A network that is wrong has its own problem.
        if (!next || reached.includes(undefined)) return [];
        if (own.some(({ address }) => address === via))
          return [problemAt([...path, 'via'], `${next} is this machine’s own address; write that of the next router`)];
        if (reached.some((cidr) => cidr !== undefined && cidrContains(cidr, next))) return [];
        return [problemAt([...path, 'via'], `${next} is on no network on which the machine has an address`)];
      });
    }),
  );
};
