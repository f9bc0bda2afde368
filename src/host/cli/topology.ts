// The network of a lab, read from the kernel and the API server. topology-text.ts draws it.

import type { Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import { type EndpointSlice, serviceNameLabel } from '../../api/discovery.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import type { Link, LinkQuality } from '../../api/wiring.ts';
import type { ClusterAccess, MachineAccess } from '../grade/access.ts';
import { nodeEndOf } from '../grade/veth.ts';

export interface Topology {
  readonly fabric: { readonly bridge: string; readonly address: string };
  /** The further networks of the lab. */
  readonly networks: readonly NetworkTopology[];
  readonly machines: readonly MachineTopology[];
  readonly services: readonly ServiceTopology[];
}

export interface NetworkTopology {
  readonly name: string;
  readonly cidr: string;
}

export interface MachineTopology {
  readonly name: string;
  readonly role: MachineAccess['role'];
  readonly address: string;
  /** Its interfaces on the networks of the lab. */
  readonly links: readonly LinkTopology[];
  readonly bridges: readonly { readonly name: string; readonly address: string }[];
  readonly pods: readonly PodTopology[];
}

export interface LinkTopology {
  readonly interface: string;
  /** The bridge that it is attached to. */
  readonly network: string;
  /** As the machine has them now. */
  readonly addresses: readonly string[];
  /** As lab.yaml says: what happens to packets on their way to the machine. */
  readonly quality?: LinkQuality;
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

/** What labs itself has made, by its own records. */
export interface Planned {
  readonly bridge: Topology['fabric'];
  readonly networks: Topology['networks'];
  readonly linksOf: (machine: string) => readonly Pick<Link, 'interface' | 'bridge' | 'quality'>[];
}

export const gatherTopology = async (
  { fabric, machines }: Pick<ClusterAccess, 'fabric' | 'machines'>,
  { bridge, networks, linksOf }: Planned,
): Promise<Topology> => {
  const list = async <T>(path: string): Promise<readonly T[]> => {
    const { status, body } = await fabric.call('kube', { path });
    return status === 200 ? ((body as { readonly items?: readonly T[] }).items ?? []) : [];
  };
  const [pods, services, slices] = await Promise.all([
    list<Pod>('/api/v1/pods'),
    list<Service>('/api/v1/services'),
    list<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices'),
  ]);
  return {
    fabric: bridge,
    networks,
    machines: await Promise.all(
      machines.map((machine) => {
        const own = pods.filter(({ spec, status }) => spec?.nodeName === machine.name && status?.podIP !== undefined);
        return machineTopology(fabric, machine, { pods: own, bridge: bridge.bridge, links: linksOf(machine.name) });
      }),
    ),
    services: services.map((service) => serviceTopology(service, slices)),
  };
};

const machineTopology = async (
  fabric: ClusterAccess['fabric'],
  { name, role, pid, address }: MachineAccess,
  {
    pods,
    bridge,
    links: planned,
  }: { readonly pods: readonly Pod[]; readonly bridge: string; readonly links: ReturnType<Planned['linksOf']> },
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
    links: planned.map((link) => ({
      interface: link.interface,
      network: link.bridge ?? bridge,
      addresses: links.find((each) => each.name === link.interface)?.addresses.flatMap(ipv4Of) ?? [],
      ...(link.quality ? { quality: link.quality } : {}),
    })),
    bridges: links
      .filter(({ kind }) => kind === 'bridge')
      .map((link) => ({ name: link.name, address: addressOf(link.addresses) })),
    pods: await Promise.all(
      pods.map(async ({ metadata, spec, status }) => {
        const podIp = (status?.podIP ?? '') as Ipv4;
        // A pod in the host's network has the node's own interfaces.
        const inside = spec?.hostNetwork ? [] : await linksAt(podIp);
        const veth = nodeEndOf(inside, links);
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

const ipv4Of = ({ address, prefix, family }: { address: string; prefix: number; family: string }): string[] =>
  family === 'inet' ? [`${address}/${prefix}`] : [];

const addressOf = (addresses: readonly { address: string; prefix: number; family: string }[]): string => {
  const found = addresses.find(({ family }) => family === 'inet') ?? addresses[0];
  return found ? `${found.address}/${found.prefix}` : '';
};

const serviceTopology = ({ metadata, spec }: Service, slices: readonly EndpointSlice[]): ServiceTopology => {
  const own = slices.filter(
    (slice) =>
      slice.metadata.namespace === metadata.namespace && slice.metadata.labels?.[serviceNameLabel] === metadata.name,
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
