// The machines of a cluster as Docker knows them. All data comes from labels and states, not from the lab's folder.

import type { RouteSpecification } from '../../api/cluster.ts';
import type { Variation } from '../../api/lab.ts';
import { type Ipv4, parseIpv4 } from '../../api/scalars.ts';
import type { Link, LinkQuality, WireParams } from '../../api/wiring.ts';
import type { ContainerStatus, ContainerSummary, Containers } from '../docker/port.ts';
import { bridgeName, labels, linkName, macOf } from '../plan/names.ts';
import type { LinkPlan, MachineRole, NetworkPlan } from '../plan/types.ts';

/** One container of a cluster. */
export interface Machine {
  readonly name: string;
  readonly role: MachineRole;
  readonly container: string;
  readonly id: string;
  readonly status: ContainerStatus;
  /** Its first one. Empty for a machine without any. */
  readonly address: Ipv4;
  /** Its link to the bridge. For the fabric: the bridge's own address. */
  readonly link?: LinkPlan;
  /** The links of a router or host. */
  readonly links?: readonly Link[];
  /** Beside those that come with its addresses. */
  readonly routes: readonly RouteSpecification[];
  /** How many machines the whole cluster should have. */
  readonly clusterSize: number;
  readonly lab: string;
  readonly definition: string;
  /** Only on the fabric, and only if the lab is outside of the package: the lab's folder. */
  readonly folder: string;
  readonly variation: Variation;
  /** Of an exam. */
  readonly timeLimitSeconds?: number;
  readonly version: string;
  /** Root's id outside of the machine. Undefined: root of the engine's machine. */
  readonly ids?: number;
  /** Only on the fabric: the ClusterSpec of the cluster, as JSON. */
  readonly spec: string;
}

/**
 * Root of a machine is root of the engine's machine. Without an id of its own, a machine has none of the protection;
 * this is also so in a cluster of an older labs.
 */
export const hasUnsafeNodes = (machines: readonly Pick<Machine, 'role' | 'ids'>[]): boolean =>
  machines.some(({ role, ids }) => role !== 'fabric' && ids === undefined);

/** A machine whose container runs. */
export interface StartedMachine extends Machine {
  /** Process 1 of the container, which is outside of the machine. In the engine's process-id namespace, as each pid. */
  readonly containerPid: number;
  /** By the engine's clock, which is also the machines' clock, because they share the engine's kernel. */
  readonly startedAt: Date;
}

/** A machine that runs. */
export interface RunningMachine extends StartedMachine {
  /** Process 1 of the machine, which leads to its namespaces. */
  readonly pid: number;
}

/** The machines of one cluster: the fabric first, then by address. */
export const findMachines = async (
  containers: Containers,
  cluster: string,
  signal?: AbortSignal,
): Promise<readonly Machine[]> =>
  (await containers.list({ [labels.name]: cluster }, signal)).map(toMachine).sort(inOrder);

/** All machines of all clusters, by cluster. */
export const findAllMachines = async (
  containers: Containers,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly Machine[]>> => {
  const all = await containers.list({ [labels.name]: '' }, signal);
  const groups = Map.groupBy(all, (container) => container.labels[labels.name] ?? '');
  return new Map([...groups].map(([name, found]) => [name, found.map(toMachine).sort(inOrder)]));
};

/** Adds process ids and start times. `down` names the machines that do not run. */
export const inspectMachines = async (
  containers: Containers,
  machines: readonly Machine[],
  signal?: AbortSignal,
): Promise<{ readonly started: readonly StartedMachine[]; readonly down: readonly string[] }> => {
  const seen = await Promise.all(
    machines.map(async (machine) => {
      const state = await containers.inspect(machine.id, signal);
      return { ...machine, containerPid: state?.pid ?? 0, startedAt: new Date(state?.startedAt ?? 0) };
    }),
  );
  return {
    started: seen.filter(({ containerPid }) => containerPid !== 0),
    down: seen.filter(({ containerPid }) => containerPid === 0).map(({ name }) => name),
  };
};

/** The bridge, from the fabric's label. */
const bridgeOf = (fabric: Machine): NetworkPlan['bridge'] => ({
  name: bridgeName,
  address: fabric.address,
  prefix: fabric.link?.prefix ?? 24,
});

/** The links and routes that the machines should have. @param fabric holds the bridges */
export const wiringOf = (fabric: Machine, machines: readonly RunningMachine[]): WireParams => {
  const others = machines.filter(({ role }) => role !== 'fabric');
  return {
    bridge: bridgeOf(fabric),
    links: others.flatMap(({ name, pid, link, links = [] }) =>
      [...(link ? [link] : []), ...links].map((each) => ({ machine: name, pid, ...each })),
    ),
    routes: others.flatMap(({ name, routes }) => routes.map((route) => ({ machine: name, ...route }))),
  };
};

const toMachine = (container: ContainerSummary): Machine => {
  const label = (name: keyof typeof labels): string => container.labels[labels[name]] ?? '';
  const link = parseLink(label('link'), label('quality'));
  const links = parseList<Link>(label('links'));
  const first = link ?? links.find(({ address }) => address !== undefined);
  return {
    name: label('machine'),
    role: label('role') as MachineRole,
    container: container.name,
    id: container.id,
    status: container.status,
    address: first?.address ?? ('' as Ipv4),
    clusterSize: Number(label('machines')),
    lab: label('lab'),
    definition: label('definition'),
    folder: label('folder'),
    variation: {
      ...(label('seed') === '' ? {} : { seed: label('seed') }),
      ...(label('student') === '' ? {} : { student: label('student') }),
    },
    ...(label('timeLimit') === '' ? {} : { timeLimitSeconds: Number(label('timeLimit')) }),
    version: label('version'),
    ...(label('ids') === '' ? {} : { ids: Number(label('ids')) }),
    spec: label('spec'),
    ...(link ? { link } : {}),
    ...(links.length > 0 ? { links } : {}),
    routes: parseList<RouteSpecification>(label('routes')),
  };
};

const parseList = <T>(json: string): readonly T[] => (json === '' ? [] : (JSON.parse(json) as readonly T[]));

/** `192.168.56.11/24 via 192.168.56.1`; the fabric's label has no gateway. */
const parseLink = (label: string, quality: string): LinkPlan | undefined => {
  const match = /^([\d.]+)\/(\d+)(?: via ([\d.]+))?$/.exec(label);
  if (!match) return undefined;
  const address = parseIpv4(match[1] ?? '');
  return {
    interface: linkName,
    address,
    prefix: Number(match[2]),
    gateway: parseIpv4(match[3] ?? address),
    mac: macOf(address),
    ...(quality === '' ? {} : { quality: JSON.parse(quality) as LinkQuality }),
  };
};

const rank: Readonly<Record<MachineRole, number>> = { fabric: 0, node: 1, client: 2, router: 3, host: 4 };
const lastOctet = ({ address }: Machine): number => Number(address.split('.').pop());
const inOrder = (a: Machine, b: Machine): number =>
  rank[a.role] - rank[b.role] ||
  (a.links && b.links ? a.name.localeCompare(b.name, 'en', { numeric: true }) : lastOctet(a) - lastOctet(b));
