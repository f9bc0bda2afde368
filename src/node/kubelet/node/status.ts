// Computes the Node object that the kubelet registers, and its status. Pure; agent.ts sends them.

import type { Node, NodeStatus, Taint } from '../../../api/core.ts';
import type { StoredImage } from '../../../api/images.ts';
import { hostnameLabel } from '../../../api/labels.ts';
import type { Condition } from '../../../api/meta.ts';
import { timestamp } from '../../../api/time.ts';
import { kubernetesVersion } from '../../../api/version.ts';

/** The node's machine, as the node status describes it. */
export interface MachineFacts {
  readonly name: string;
  readonly ip: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly maxPods: number;
  readonly port: number;
  readonly machineId: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's name, such as `amd64` or `arm64`. */
  readonly architecture: string;
  readonly runtimeVersion: string;
}

export interface NodeFacts {
  readonly machine: MachineFacts;
  readonly images: readonly StoredImage[];
  /** Whether a CNI configuration exists. */
  readonly networkReady: boolean;
  readonly now: number;
}

/** The node as the kubelet registers it; the status follows separately. */
export const newNode = (
  { name, architecture }: MachineFacts,
  labels: Record<string, string>,
  taints: readonly Taint[],
): Node => ({
  metadata: { name, labels: { ...standardLabels(name, architecture), ...labels } },
  spec: taints.length > 0 ? { taints: [...taints] } : {},
});

export const standardLabels = (name: string, architecture: string): Record<string, string> => ({
  'beta.kubernetes.io/arch': architecture,
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': architecture,
  [hostnameLabel]: name,
  'kubernetes.io/os': 'linux',
});

/** What the node has for pods: everything, because labs reserves nothing for the system. */
export const allocatableOf = (machine: MachineFacts): Record<string, string> => ({
  cpu: String(machine.cpus),
  'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
  'hugepages-1Gi': '0',
  'hugepages-2Mi': '0',
  memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
  pods: String(machine.maxPods),
});

/** The resources that an administrator wrote into the status of the node, such as `example.com/dongle`. */
const extended = (amounts: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(amounts).filter(([name]) => name.includes('/')));

export const nodeStatus = (
  { machine, images, networkReady, now }: NodeFacts,
  before: NodeStatus | undefined,
): NodeStatus => {
  const resources = allocatableOf(machine);
  return {
    addresses: [
      { type: 'InternalIP', address: machine.ip },
      { type: 'Hostname', address: machine.name },
    ],
    capacity: { ...extended(before?.capacity), ...resources },
    allocatable: { ...extended(before?.allocatable), ...resources },
    conditions: nodeConditions(networkReady, before?.conditions ?? [], timestamp(now)),
    daemonEndpoints: { kubeletEndpoint: { Port: machine.port } },
    images: images.map(({ reference, digest, size }) => ({
      names: [`${reference.replace(/:[^:/]+$/, '')}@${digest}`, reference],
      sizeBytes: size,
    })),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: `crun://${machine.runtimeVersion}`,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: kubernetesVersion,
      kubeletVersion: kubernetesVersion,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.machineId,
    },
  };
};

const noNetwork =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';

const nodeConditions = (
  networkReady: boolean,
  before: readonly Condition[],
  now: string,
): NonNullable<NodeStatus['conditions']> => {
  const facts: readonly (readonly [string, Condition['status'], string, string])[] = [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    networkReady
      ? ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status']
      : ['Ready', 'False', 'KubeletNotReady', noNetwork],
  ];
  const own: NonNullable<NodeStatus['conditions']> = facts.map(([type, status, reason, message]) => {
    const earlier = before.find((candidate) => candidate.type === type);
    const unchanged = earlier?.status === status && earlier.lastTransitionTime;
    const lastTransitionTime = unchanged || now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  });
  const names = new Set<string>(facts.map(([type]) => type));
  return [...own, ...before.filter(({ type }) => !names.has(type))];
};
