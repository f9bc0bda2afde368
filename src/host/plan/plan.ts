// Turns a lab's ClusterSpec into the plan of its machines. Pure: the same input gives the same plan.
import {
  type ClientSpecification,
  type ClusterSpec,
  fabricMachine,
  type MachineSpecification,
  membersOf,
  type NodeSpecification,
} from '../../api/cluster.ts';
import type { Variation } from '../../api/lab.ts';
import { bootFiles, idsPerMachine, imagesFolder, launchCommand, rootFolder, stopSignals } from './boot.ts';
import { fabricFiles, nodeFiles, signpost, systemFiles } from './files.ts';
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
import { containerName, imageVolume, labels, rootVolume } from './names.ts';
import { fabricPrivileges, loopDevices, machinePrivileges } from './privileges.ts';
import { agentProgram, programFiles, twinProgram } from './programs.ts';
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
  /** The first id of the machines' roots, outside of the machines. Undefined: they are root of the engine's machine. */
  readonly firstId?: number | undefined;
  /** Root of a machine is root of the engine's machine: where a user namespace is impossible. */
  readonly unsafeNodes?: boolean;
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
  if (machine === fabricMachine) return [...agentProgram, twinProgram];
  const node = spec.nodes.find(({ name }) => name === machine);
  return node ? programFiles(programsIn(node, spec)) : [];
};

const mebibyte = 1024 * 1024;

const limits = (input: PlanInput, memoryMiB: number, pids: number): Limits => ({
  memoryBytes: memoryMiB * mebibyte,
  cpus: Math.min(2, input.resources?.cpus ?? 2),
  pids,
});

/** The fields that are the same for all containers. */
const container = (input: PlanInput, name: string, role: MachineRole) => ({
  name,
  role,
  container: containerName(input.name, name),
  hostname: name,
  environment: {},
  sysctls: {},
  deviceRules: [],
  cgroupNamespace: 'private' as const,
  pidMode: 'private' as const,
  // Of a machine, the launcher gets it and passes the right signal on.
  stopSignal: 'SIGTERM',
  hosts: [],
  controlPlane: false,
  components: [],
  launcher: [],
  state: false,
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

/** What a machine may store. MariaDB's files and other data of pods are not on it, but on a tmpfs. */
const diskMiB = 1024;

interface MachineOptions {
  readonly name: string;
  readonly role: Exclude<MachineRole, 'fabric'>;
  readonly program: readonly string[];
  readonly stopSignal: number;
  readonly sysctls?: string;
  readonly images?: boolean;
}

/** A machine in namespaces of its own, below a container that has no rights. boot.ts has the programs. */
const machine = (input: PlanInput, { name, role, program, stopSignal, sysctls = '', images }: MachineOptions) => {
  const ids = idsOf(input, name);
  const common = container(input, name, role);
  return {
    ...common,
    ...machinePrivileges(ids),
    ...(ids === undefined ? {} : { ids }),
    command: [...launchCommand, ...program],
    state: true,
    tmpfs: { '/run': 'size=1m,mode=755' },
    mounts: [
      { volume: rootVolume(input.image), path: rootFolder, readOnly: true },
      ...(images ? [{ volume: imageVolume, path: imagesFolder, readOnly: true }] : []),
    ],
    launcher: bootFiles({
      programs: programsOf(input.spec, name).map(({ path }) => path),
      diskMiB,
      stopSignal,
      sysctls,
      ...(ids === undefined ? {} : { ids }),
    }),
    labels: { ...common.labels, ...(ids === undefined ? {} : { [labels.ids]: String(ids) }) },
  };
};

/** Each machine has a range of its own, in the order of the machines. */
const idsOf = ({ spec, firstId }: PlanInput, name: string): number | undefined =>
  firstId === undefined ? undefined : firstId + membersOf(spec).indexOf(name) * idsPerMachine;

/** A shell that sleeps, reaps orphans, and ends at once on SIGTERM. An idle Node process would cost 40 MB. */
const idle = (beside = ''): readonly string[] => [
  '/bin/sh',
  '-c',
  `trap "exit 0" TERM; ${beside}sleep infinity & wait`,
];

const fabricPlan = (input: PlanInput, network: NetworkPlan, pki: Pki): MachinePlan => {
  const common = container(input, fabricMachine, 'fabric');
  const { address, port } = network.apiServer;
  return {
    ...common,
    ...fabricPrivileges,
    // The name servers that Docker writes are not reachable from a lab; without them, a lookup fails at once.
    command: idle(`echo > /etc/resolv.conf; ${relayCommand(address, port)}`),
    mounts: [
      { volume: gatewayVolume(input.name), path: socketFolder, readOnly: false },
      // To tell the programs of the image from those of a student.
      { volume: rootVolume(input.image), path: rootFolder, readOnly: true },
    ],
    // The fabric forwards no packets, so that packets to addresses outside of the lab end here.
    sysctls: { 'net.ipv4.ip_forward': '0' },
    deviceRules: loopDevices,
    tmpfs: { '/run': 'exec', '/tmp': 'exec' },
    limits: limits(input, 1024, 4096),
    pidMode: 'host',
    // It makes the machines' control groups, which only this namespace shows.
    cgroupNamespace: 'host',
    labels: {
      ...common.labels,
      ...(input.firstId === undefined ? {} : { [labels.ids]: String(input.firstId) }),
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
  const common = machine(input, {
    name: node.name,
    role: 'node',
    program: ['/lib/systemd/systemd'],
    stopSignal: stopSignals.systemd,
    sysctls: machineSysctls('node'),
    images: true,
  });
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
    // Tells systemd that it runs in a container.
    environment: { container: 'docker' },
    limits: limits(input, input.resources?.nodeMemoryMiB ?? 2048, 4096),
    labels: {
      ...common.labels,
      ...linkLabel(link),
      ...routesLabel(node),
      ...(controlPlane ? { [labels.controlPlane]: 'true' } : {}),
    },
    link,
    ...routesOf(node),
    files: [...systemFiles(node.name, hostsOf(input.spec)), ...nodeFiles(context, pki)],
    components: componentsOf(node, input.spec),
  };
};

const clientPlan = (input: PlanInput, network: NetworkPlan, client: Numbered & ClientSpecification): MachinePlan => {
  const common = machine(input, {
    name: client.name,
    role: 'client',
    program: idle(),
    stopSignal: stopSignals.shell,
  });
  const link = linkOf(network, clientAddress(input.spec, client.index), client.link);
  return {
    ...common,
    limits: limits(input, 512, 512),
    files: [...systemFiles(client.name, hostsOf(input.spec)), signpost],
    labels: { ...common.labels, ...linkLabel(link), ...routesLabel(client) },
    link,
    ...routesOf(client),
  };
};

/** A router or a host. */
const otherPlan = (input: PlanInput, network: NetworkPlan, one: Numbered & MachineSpecification): MachinePlan => {
  const { name, role } = one;
  const program = idle();
  const common = machine(input, { name, role, program, stopSignal: stopSignals.shell, sysctls: machineSysctls(role) });
  const links = one.networks.map((attachment, index) => otherLink(input.spec, network, { ...attachment, one, index }));
  return {
    ...common,
    limits: limits(input, 512, 512),
    files: [...systemFiles(name, hostsOf(input.spec)), signpost],
    labels: { ...common.labels, [labels.links]: JSON.stringify(links), ...routesLabel(one) },
    links,
    ...routesOf(one),
  };
};
