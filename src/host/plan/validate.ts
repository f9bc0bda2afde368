// What a plan refuses, all of it at once: overlapping ranges, names used twice, a cluster without its one control plane.
import type { ClusterSpec } from '../../api/cluster.ts';
import { type Cidr, cidrContains, cidrRange, cidrsOverlap } from '../../api/scalars.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { fabricMachine } from './names.ts';

/** Nodes' addresses are .10–.99, clients' .100–.199 of the nodes' network. */
export const firstNode = 10;
export const firstClient = 100;
const mostNodes = 16;
const mostClients = 16;
/** Pod subnets have 254 addresses: `--node-cidr-mask-size=24`. */
export const podSubnetPrefix = 24;

/** @throws LabError `LAB_PLAN_REFUSED` that lists every problem */
export const refuseImpossible = (name: string, spec: ClusterSpec): void => {
  const problems = [...nameProblems(name, spec), ...machineProblems(spec), ...rangeProblems(spec)];
  if (problems.length === 0) return;
  throw new LabError(
    'LAB_PLAN_REFUSED',
    problems.length === 1
      ? `This cluster can't be built: ${problems[0]}`
      : `This cluster can't be built:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    { exitCode: ExitCode.usage, hint: 'Correct the `cluster` part of lab.yaml.' },
  );
};

const nameProblems = (name: string, spec: ClusterSpec): string[] => {
  const problems: string[] = [];
  if (!isLabel(name) || name.length > 40) problems.push(`"${name}" is not a name: ${namesAre} (at most 40)`);
  const machines = [...spec.nodes, ...spec.clients].map((machine) => machine.name);
  for (const machine of new Set(machines)) {
    const times = machines.filter((other) => other === machine).length;
    if (times > 1) problems.push(`the name "${machine}" is used for ${times} machines`);
    if (machine === fabricMachine) problems.push(`the name "${fabricMachine}" is taken by the fabric itself`);
    if (!isLabel(machine)) problems.push(`"${machine}" is not a machine's name: ${namesAre}`);
  }
  return problems;
};

const namesAre = 'lower-case letters, digits and hyphens, starting and ending with a letter or digit';

/** RFC 1123 label, as Kubernetes asks of names; containers and hosts accept it too. */
const isLabel = (text: string): boolean => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);

const machineProblems = (spec: ClusterSpec): string[] => {
  const problems: string[] = [];
  const controlPlanes = spec.nodes.filter((node) => node.role === 'control-plane');
  if (controlPlanes.length === 0) problems.push('no node has the role control-plane');
  if (controlPlanes.length > 1)
    problems.push(
      `${controlPlanes.map(({ name }) => name).join(' and ')} all have the role control-plane; one node can`,
    );
  if (spec.nodes.length > mostNodes) problems.push(`${spec.nodes.length} nodes are too many; at most ${mostNodes}`);
  if (spec.clients.length > mostClients)
    problems.push(`${spec.clients.length} clients are too many; at most ${mostClients}`);
  const podSubnets = 2 ** (podSubnetPrefix - cidrRange(spec.podCidr).prefix);
  if (podSubnets < 1) problems.push(`the pod network ${spec.podCidr} has no room for a /${podSubnetPrefix} per node`);
  else if (spec.nodes.length > podSubnets)
    problems.push(
      `the pod network ${spec.podCidr} has room for ${podSubnets} nodes (a /${podSubnetPrefix} each), not for ${spec.nodes.length}`,
    );
  return problems;
};

const rangeProblems = (spec: ClusterSpec): string[] => {
  const ranges: readonly (readonly [string, Cidr])[] = [
    ['pod network', spec.podCidr],
    ['service range', spec.serviceCidr],
    ["nodes' network", spec.nodeCidr],
  ];
  const problems = ranges.flatMap(([what, cidr], index) =>
    ranges
      .slice(index + 1)
      .filter(([, other]) => cidrsOverlap(cidr, other))
      .map(([otherWhat, other]) => `the ${what} ${cidr} and the ${otherWhat} ${other} overlap`),
  );
  if (cidrRange(spec.nodeCidr).prefix > 24)
    problems.push(`the nodes' network ${spec.nodeCidr} is too small; it must be a /24 or larger`);
  if (cidrRange(spec.serviceCidr).prefix > 28)
    problems.push(`the service range ${spec.serviceCidr} is too small; it must be a /28 or larger`);
  if (!cidrContains(spec.serviceCidr, spec.dnsAddress))
    problems.push(`the DNS service's address ${spec.dnsAddress} is outside of the service range ${spec.serviceCidr}`);
  return problems;
};
