// Reads a running lab into a model of its data plane, with the names of its pods and services.

import { fabricMachine } from '../../api/cluster.ts';
import type { Service } from '../../api/core.ts';
import type { Pod } from '../../api/core-pods.ts';
import type { NamespaceTexts } from '../../api/dataplane.ts';
import { portOf } from '../../api/wiring.ts';
import { type Cable, type Cluster, type MachineTexts, readCluster } from '../../dataplane/cluster/model.ts';
import { type ClusterAccess, isOutside, type MachineAccess } from '../grade/access.ts';

export interface TracedLab {
  /** The machine of the model with this network namespace. */
  readonly machineOf: (id: string) => string | undefined;
  readonly model: Cluster;
  readonly machines: readonly MachineAccess[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  /** The API server has told the names of pods and services. */
  readonly hasNames: boolean;
}

/** @throws LabError when the fabric or the API server does not answer */
export const readLab = async ({ fabric, machines }: Pick<ClusterAccess, 'fabric' | 'machines'>): Promise<TracedLab> => {
  let hasNames = true;
  const list = async <T>(path: string): Promise<readonly T[]> => {
    // Without an API server, packets still flow. Only names are missing.
    const { status, body } = await fabric.call('kube', { path }).catch(() => ({ status: 0, body: {} }));
    if (status !== 200) hasNames = false;
    return status === 200 ? ((body as { readonly items?: readonly T[] }).items ?? []) : [];
  };
  const [namespaces, pods, services] = await Promise.all([
    fabric.call('dataplane', { machines: machines.map(({ name, pid }) => ({ machine: name, pid })) }),
    list<Pod>('/api/v1/pods'),
    list<Service>('/api/v1/services'),
  ]);
  return { ...modelOf(namespaces, { machines, pods }), machines, pods, services, hasNames };
};

interface Names {
  readonly machines: readonly Pick<MachineAccess, 'name' | 'role' | 'address' | 'links'>[];
  readonly pods: readonly Pod[];
}

/** The model of what the fabric's `dataplane` has read. */
export const modelOf = (
  namespaces: readonly NamespaceTexts[],
  { machines, pods }: Names,
): Pick<TracedLab, 'model' | 'machineOf'> => {
  const texts = namespaces.map((namespace, index) => machineTexts(namespace, { machines, pods, index }));
  const names = new Map(namespaces.map(({ id }, index) => [id, texts[index]?.name]));
  return { model: readCluster({ machines: texts, cables: cablesOf(machines) }), machineOf: (id) => names.get(id) };
};

/** The veth pairs between the machines and the bridges of the fabric. */
export const cablesOf = (machines: Names['machines']): readonly Cable[] =>
  machines.flatMap(({ name, address, links = [{ interface: 'eth0', address }] }) =>
    links.map((link) => ({
      one: { machine: fabricMachine, link: portOf(link) },
      other: { machine: name, link: link.interface },
    })),
  );

/**
 * The name of a namespace in the model: of a machine, of a pod (`default/blue`), of `ip netns` (`node01/netns/red`), or
 * a number on its machine.
 */
export const nameOfNamespace = (
  { machine, isOwn, addresses, names: [name] = [] }: NamespaceTexts,
  { pods, index }: { readonly pods: readonly Pod[]; readonly index: number },
): string => {
  if (isOwn) return machine;
  const pod = pods.find(
    ({ spec, status }) =>
      spec.nodeName === machine && !spec.hostNetwork && status?.podIP && addresses.includes(`"${status.podIP}"`),
  );
  if (pod) return podMachine(pod);
  // A namespace that the student made, or of a pod that the API server does not know.
  return name === undefined ? `${machine} namespace ${index}` : namespaceMachine(machine, name);
};

const machineTexts = (
  namespace: NamespaceTexts,
  { machines, pods, index }: Names & { readonly index: number },
): MachineTexts => {
  const { machine, isOwn, id: _, names: __, ...texts } = namespace;
  const name = nameOfNamespace(namespace, { pods, index });
  if (!isOwn) return { name, kind: 'pod', on: machine, texts };
  const role = machines.find((each) => each.name === machine)?.role;
  return { name, kind: role === undefined ? 'fabric' : isOutside(role) ? 'client' : 'node', texts };
};

/** The name in the model of a namespace that has a name in `ip netns` on the machine. */
export const namespaceMachine = (machine: string, name: string): string => `${machine}/netns/${name}`;

/** The pod's name in the model. */
export const podMachine = ({ metadata }: Pick<Pod, 'metadata'>): string =>
  `${metadata.namespace ?? 'default'}/${metadata.name}`;
