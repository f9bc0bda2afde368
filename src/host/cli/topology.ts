// The network of a lab as `labs topology` shows it: read from the kernel and the API server, and drawn as a tree.
import type { Ipv4 } from '../../api/scalars.ts';
import type { ClusterAccess, MachineAccess } from '../grade/access.ts';
import { alignColumns, cutTo } from './text.ts';

export interface Topology {
  readonly fabric: { readonly bridge: string; readonly address: string };
  readonly machines: readonly MachineTopology[];
  readonly services: readonly ServiceTopology[];
}

export interface MachineTopology {
  readonly name: string;
  readonly role: MachineAccess['role'];
  readonly address: string;
  readonly bridges: readonly { readonly name: string; readonly address: string }[];
  readonly pods: readonly PodTopology[];
}

export interface PodTopology {
  readonly namespace: string;
  readonly name: string;
  readonly address: string;
  /** The node's end of the veth pair, and the bridge that it is attached to. Absent for a pod that is not wired. */
  readonly veth?: string;
  readonly bridge?: string;
}

export interface ServiceTopology {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly ports: readonly string[];
  readonly endpoints: readonly string[];
}

export const gatherTopology = async (
  { fabric, machines }: Pick<ClusterAccess, 'fabric' | 'machines'>,
  bridge: Topology['fabric'],
): Promise<Topology> => {
  const list = async <T>(path: string): Promise<readonly T[]> => {
    const { status, body } = await fabric.call('kube', { path });
    return status === 200 ? ((body as { readonly items?: readonly T[] }).items ?? []) : [];
  };
  const [pods, services, slices] = await Promise.all([
    list<PodObject>('/api/v1/pods'),
    list<ServiceObject>('/api/v1/services'),
    list<SliceObject>('/apis/discovery.k8s.io/v1/endpointslices'),
  ]);
  return {
    fabric: bridge,
    machines: await Promise.all(
      machines.map((machine) => {
        const own = pods.filter(({ spec, status }) => spec?.nodeName === machine.name && status?.podIP !== undefined);
        return machineTopology(fabric, machine, own);
      }),
    ),
    services: services.map((service) => serviceTopology(service, slices)),
  };
};

const machineTopology = async (
  fabric: ClusterAccess['fabric'],
  { name, role, pid, address }: MachineAccess,
  pods: readonly PodObject[],
): Promise<MachineTopology> => {
  const linksAt = async (podIp?: Ipv4) => {
    const place = { machine: name, pid, ...(podIp === undefined ? {} : { podIp }) };
    return (await fabric.call('facts', { place, want: ['links'] }).catch(() => undefined))?.links ?? [];
  };
  const links = await linksAt();
  return {
    name,
    role,
    address,
    bridges: links
      .filter(({ kind }) => kind === 'bridge')
      .map((link) => ({ name: link.name, address: addressOf(link.addresses) })),
    pods: await Promise.all(
      pods.map(async ({ metadata, spec, status }) => {
        const podIp = (status?.podIP ?? '') as Ipv4;
        // A pod in the host's network has the node's own interfaces.
        const inside = spec?.hostNetwork ? [] : await linksAt(podIp);
        const peer = inside.find((link) => link.name === 'eth0')?.peerIndex;
        const veth = links.find(({ ifindex }) => ifindex === peer);
        return {
          namespace: metadata.namespace ?? 'default',
          name: metadata.name ?? '',
          address: podIp,
          ...(veth ? { veth: veth.name, ...(veth.master ? { bridge: veth.master } : {}) } : {}),
        };
      }),
    ),
  };
};

const addressOf = (addresses: readonly { address: string; prefix: number; family: string }[]): string => {
  const found = addresses.find(({ family }) => family === 'inet') ?? addresses[0];
  return found ? `${found.address}/${found.prefix}` : '';
};

const serviceTopology = ({ metadata, spec }: ServiceObject, slices: readonly SliceObject[]): ServiceTopology => {
  const own = slices.filter(
    (slice) =>
      slice.metadata.namespace === metadata.namespace &&
      slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name,
  );
  const ready = own.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name ?? '',
    type: spec?.type ?? 'ClusterIP',
    address: spec?.clusterIP ?? spec?.externalName ?? '',
    ports: (spec?.ports ?? []).map(({ port, nodePort, protocol = 'TCP' }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    ),
    endpoints: [...new Set(ready.flatMap(({ addresses }) => addresses ?? []))],
  };
};

/** The tree of bridges, machines, veths and pods. */
export const drawNetwork = ({ fabric, machines }: Topology, noPods: string): readonly string[] => [
  `${fabric.bridge}  ${fabric.address}`,
  ...branches(machines, (machine) => [
    `eth0  ${machine.name}  ${machine.address}`,
    ...branches(machine.bridges, ({ name, address }) => [`${name}  ${address}`, ...drawPods(machine, name, noPods)]),
    ...loose(machine),
  ]),
];

const drawPods = ({ pods }: MachineTopology, bridge: string, noPods: string): readonly string[] => {
  const wired = pods.filter((pod) => pod.bridge === bridge);
  if (wired.length === 0) return [`└─ ${noPods}`];
  const rows = wired.map((pod) => [pod.veth ?? '', cutTo(nameOf(pod), 34), pod.address]);
  return branches(alignColumns(rows), (row) => [row]);
};

/** Pods that are attached to no bridge: those in the node's own network, and those whose veth was detached. */
const loose = ({ pods }: MachineTopology): readonly string[] =>
  branches(
    pods.filter(({ bridge }) => bridge === undefined),
    (pod) => [`${pod.veth ?? '–'}  ${cutTo(nameOf(pod), 34)}  ${pod.address}`],
  );

const branches = <T>(items: readonly T[], draw: (item: T) => readonly string[]): readonly string[] =>
  items.flatMap((item, index) => {
    const last = index === items.length - 1;
    return draw(item).map((line, row) => (row === 0 ? `${last ? '└─ ' : '├─ '}` : last ? '   ' : '│  ') + line);
  });

/** The namespace is shown unless it is `default`. */
export const nameOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  namespace === 'default' ? name : `${namespace}/${name}`;

interface Meta {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
interface PodObject {
  readonly metadata: Meta;
  readonly spec?: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status?: { readonly podIP?: string };
}
interface ServiceObject {
  readonly metadata: Meta;
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number; readonly protocol?: string }[];
  };
}
interface SliceObject {
  readonly metadata: Meta;
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}
