// Turns a lab's ClusterSpec into the plan of its machines. Pure: the same input gives the same plan.
import {
  type ClientSpecification,
  type ClusterSpec,
  fabricMachine,
  type MachineSpecification,
  membersOf,
  type NodeSpecification,
} from '../../api/cluster.ts';
import { imageStorePath } from '../../api/images.ts';
import type { Variation } from '../../api/lab.ts';
import { fabricFiles, initPath, nodeFiles, signpost } from './files.ts';
import { gatewayVolume, planGateway, relayCommand, socketFolder } from './gateway.ts';
import { type Pki, type PkiRequest, pkiRequest } from './identities.ts';
import { machineSysctls } from './init.ts';
import {
  clientAddress,
  hostsOf,
  linkLabel,
  linkOf,
  type Numbered,
  networkOf,
  nodeAddress,
  otherLink,
  routesLabel,
  routesOf,
} from './links.ts';
import { containerName, imageVolume, labels } from './names.ts';
import { nodeCapabilities, unconfined } from './privileges.ts';
import { fabricProgram, programFiles, twinProgram } from './programs.ts';
import type { ClusterPlan, Limits, MachinePlan, MachineRole, NetworkPlan, PlannedFile } from './types.ts';
import { componentsOf, type NodeContext, programsIn } from './units.ts';

export interface PlanInput {
  /** The instance's name. */
  readonly name: string;
  readonly lab: string;
  readonly definitionDigest: string;
  /** The lab's folder, for a label. */
  readonly folder?: string;
  /** For labels. */
  readonly variation?: Variation;
  /** For a label. */
  readonly timeLimitMs?: number;
  readonly spec: ClusterSpec;
  /** Reference of the node image. */
  readonly image: string;
  readonly version: string;
  readonly resources?: Resources;
}

export interface Resources {
  /** Cores of the engine's machine: no limit may exceed them. */
  readonly cpus?: number;
  readonly nodeMemoryMiB?: number;
}

/** Plans the machines of a cluster. Trusts the name and the specification: `lab/validate.ts` has checked them. */
export const planCluster = (input: PlanInput, pki: Pki): ClusterPlan => {
  const { name, lab, spec, image, version } = input;
  const network = networkOf(spec);
  return {
    name,
    lab,
    definition: input.definitionDigest,
    version,
    image,
    network,
    machines: [
      fabricPlan(input, network, pki),
      ...spec.nodes.map((node, index) => nodePlan(input, network, pki, { ...node, index })),
      ...spec.clients.map((client, index) => clientPlan(input, network, { ...client, index })),
      ...(spec.machines ?? []).map((one, index) => otherPlan(input, network, { ...one, index })),
    ],
    gateway: planGateway({ cluster: name, image, version }),
  };
};

/** The certificates that `planCluster` takes as its second argument. */
export const certificatesOf = ({ spec }: Pick<PlanInput, 'spec'>): PkiRequest =>
  pkiRequest(
    spec,
    spec.nodes.map((_, index) => nodeAddress(spec, index)),
  );

/** The machines of a cluster, the fabric first. */
export const machineNames = (spec: ClusterSpec): readonly string[] => [fabricMachine, ...membersOf(spec)];

/** The files of a machine that change with a new build of labs. */
export const programsOf = (spec: ClusterSpec, machine: string): readonly PlannedFile[] => {
  if (machine === fabricMachine) return [fabricProgram, twinProgram];
  const node = spec.nodes.find(({ name }) => name === machine);
  return node ? programsIn(node, spec).flatMap(programFiles) : [];
};

const mebibyte = 1024 * 1024;

const limits = (input: PlanInput, memoryMiB: number, pids: number): Limits => ({
  memoryBytes: memoryMiB * mebibyte,
  cpus: Math.min(2, input.resources?.cpus ?? 2),
  pids,
});

/** The fields that are the same for all machines. */
const machine = (input: PlanInput, name: string, role: MachineRole) => ({
  name,
  role,
  container: containerName(input.name, name),
  hostname: name,
  environment: {},
  securityOptions: unconfined,
  sysctls: {},
  tmpfs: {},
  mounts: [],
  pidMode: 'private' as const,
  stopSignal: 'SIGTERM',
  hosts: [],
  controlPlane: false,
  files: [],
  components: [],
  labels: {
    [labels.name]: input.name,
    [labels.lab]: input.lab,
    [labels.role]: role,
    ...(input.folder === undefined ? {} : { [labels.folder]: input.folder }),
    ...(input.variation?.seed === undefined ? {} : { [labels.seed]: input.variation.seed }),
    ...(input.variation?.student === undefined ? {} : { [labels.student]: input.variation.student }),
    ...(input.timeLimitMs === undefined ? {} : { [labels.timeLimit]: String(input.timeLimitMs / 1000) }),
    [labels.machine]: name,
    [labels.definition]: input.definitionDigest,
    [labels.version]: input.version,
    [labels.machines]: String(machineNames(input.spec).length),
  },
});

/**
 * A shell that sleeps, reaps orphans, and ends at once on SIGTERM. An idle Node process would cost 40 MB. The name
 * servers that Docker writes into resolv.conf are not reachable from a lab; without them, a lookup fails at once.
 */
const idle = (beside = ''): readonly string[] => [
  '/bin/sh',
  '-c',
  `echo > /etc/resolv.conf; trap "exit 0" TERM; ${beside}sleep infinity & wait`,
];

const fabricPlan = (input: PlanInput, network: NetworkPlan, pki: Pki): MachinePlan => {
  const common = machine(input, fabricMachine, 'fabric');
  const { address, port } = network.apiServer;
  return {
    ...common,
    command: idle(relayCommand(address, port)),
    capabilities: nodeCapabilities,
    mounts: [{ volume: gatewayVolume(input.name), path: socketFolder, readOnly: false }],
    // The fabric forwards no packets, so that packets to addresses outside of the lab end here.
    sysctls: { 'net.ipv4.ip_forward': '0' },
    tmpfs: { '/run': 'exec', '/tmp': 'exec' },
    limits: limits(input, 1024, 4096),
    pidMode: 'host',
    labels: {
      ...common.labels,
      [labels.link]: `${network.bridge.address}/${network.bridge.prefix}`,
      [labels.spec]: JSON.stringify(input.spec),
    },
    files: fabricFiles(`https://${address}:${port}`, pki),
  };
};

const nodePlan = (
  input: PlanInput,
  network: NetworkPlan,
  pki: Pki,
  node: Numbered & NodeSpecification,
): MachinePlan => {
  const common = machine(input, node.name, 'node');
  const link = linkOf(network, nodeAddress(input.spec, node.index), node.link);
  const controlPlane = node.role === 'control-plane';
  const context: NodeContext = {
    name: node.name,
    node,
    controlPlane,
    address: link.address,
    apiServerAddress: network.apiServer.address,
    spec: input.spec,
  };
  return {
    ...common,
    controlPlane,
    command: [initPath],
    // Tells systemd that it runs in a container.
    environment: { container: 'docker' },
    capabilities: nodeCapabilities,
    tmpfs: { '/run': 'exec', '/tmp': 'exec' },
    mounts: [{ volume: imageVolume, path: imageStorePath, readOnly: true }],
    limits: limits(input, input.resources?.nodeMemoryMiB ?? 2048, 4096),
    stopSignal: 'SIGRTMIN+3',
    hosts: hostsOf(input.spec),
    labels: {
      ...common.labels,
      ...linkLabel(link),
      ...routesLabel(node),
      ...(controlPlane ? { [labels.controlPlane]: 'true' } : {}),
    },
    link,
    ...routesOf(node),
    files: nodeFiles(context, pki),
    components: componentsOf(node, input.spec),
  };
};

const clientPlan = (input: PlanInput, network: NetworkPlan, client: Numbered & ClientSpecification): MachinePlan => {
  const common = machine(input, client.name, 'client');
  const link = linkOf(network, clientAddress(input.spec, client.index), client.link);
  return {
    ...common,
    command: idle(),
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    securityOptions: [],
    limits: limits(input, 512, 512),
    hosts: hostsOf(input.spec),
    files: [signpost],
    labels: { ...common.labels, ...linkLabel(link), ...routesLabel(client) },
    link,
    ...routesOf(client),
  };
};

/** A router or a host. It has the rights of a node, so that a student can change sysctls and make namespaces. */
const otherPlan = (input: PlanInput, network: NetworkPlan, one: Numbered & MachineSpecification): MachinePlan => {
  const common = machine(input, one.name, one.role);
  const links = one.networks.map((attachment, index) => otherLink(input.spec, network, { ...attachment, one, index }));
  return {
    ...common,
    command: idle(machineSysctls(one.role)),
    capabilities: nodeCapabilities,
    tmpfs: { '/run': 'exec', '/tmp': 'exec' },
    limits: limits(input, 512, 512),
    hosts: hostsOf(input.spec),
    files: [signpost],
    labels: { ...common.labels, [labels.links]: JSON.stringify(links), ...routesLabel(one) },
    links,
    ...routesOf(one),
  };
};
