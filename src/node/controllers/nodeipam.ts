// Gives each node its pod subnet out of --cluster-cidr (pkg/controller/nodeipam).
//
// The original assigns subnets in the order in which nodes register. In a lab, three kubelets start at the same time,
// but course material says that 10.244.1.2 is a pod on node01. So the number comes from the node's label or name. A
// node without a number gets the first free subnet.
import type { Node } from '../../api/core.ts';
import { nodes } from '../../api/resources.ts';
import { type Cidr, cidrRange, cidrsOverlap, ipv4FromNumber, parseCidr } from '../../api/scalars.ts';
import { type Controller, type Outcome, type World, watch } from './controller.ts';
import type { Write } from './writes.ts';

export interface NodeIpamOptions {
  readonly clusterCidr: Cidr;
  /** The prefix length of each node's subnet. */
  readonly maskSize: number;
  readonly serviceCidr?: Cidr | undefined;
}

/** The flags contradict each other. */
export class NodeIpamError extends Error {
  override readonly name = 'NodeIpamError';
}

/** The label with the number of a node's subnet, for nodes whose name has no number. */
export const subnetLabel = 'labs/pod-subnet';

/** All nodes have the same key, so that two nodes never get the same subnet concurrently. */
const everyNode = 'nodes';

/** @throws NodeIpamError when the mask sizes do not fit, or the service range overlaps the pod network */
export const createNodeIpam = (options: NodeIpamOptions): Controller => {
  validate(options);
  return {
    name: 'node-ipam-controller',
    watches: [watch(nodes, () => [everyNode])],
    reconcile: (_, world) => reconcileNodes(options, world),
  };
};

/**
 * The help of --service-cluster-ip-range forbids the overlap ("This must not overlap with any IP ranges assigned to
 * nodes or pods"). The original only skips such subnets, and may have none left. This controller refuses to start, so
 * that a student sees the reason at once.
 */
const validate = ({ clusterCidr, maskSize, serviceCidr }: NodeIpamOptions): void => {
  if (cidrRange(clusterCidr).prefix > maskSize) {
    throw new NodeIpamError(
      'Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal to --node-cidr-mask-size configured for CIDR family',
    );
  }
  if (serviceCidr !== undefined && cidrsOverlap(clusterCidr, serviceCidr)) {
    throw new NodeIpamError(
      `error filtering out service cidr ${serviceCidr} from cluster cidr ${clusterCidr}: --service-cluster-ip-range must not overlap with any IP ranges assigned to nodes or pods (--cluster-cidr)`,
    );
  }
};

const reconcileNodes = (options: NodeIpamOptions, world: World): Outcome => {
  const all = [...world.all(nodes)].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const taken = new Set(all.flatMap(({ spec }) => spec?.podCIDR ?? []));
  const waiting = all.filter(({ spec, metadata }) => !spec?.podCIDR && !metadata.deletionTimestamp);
  const writes: Write[] = [];
  const give = (node: Node, subnet: Cidr | undefined): void => {
    if (subnet !== undefined) taken.add(subnet);
    writes.push(subnet === undefined ? notAvailable(node) : assign(node, subnet));
  };
  // Nodes with a number come first, so that no other node gets their subnet.
  const rest = waiting.filter((node) => {
    const own = ownSubnet(node, options);
    if (own === undefined || taken.has(own)) return true;
    give(node, own);
    return false;
  });
  for (const node of rest) give(node, firstFree(taken, options));
  return { writes };
};

const assign = ({ metadata: { name } }: Node, subnet: Cidr): Write => ({
  verb: 'patch',
  resource: nodes,
  key: { name },
  patch: { spec: { podCIDR: subnet, podCIDRs: [subnet] } },
});

const notAvailable = (about: Node): Write => ({
  verb: 'event',
  about,
  type: 'Normal',
  reason: 'CIDRNotAvailable',
  message: `Node ${about.metadata.name} status is now: CIDRNotAvailable`,
});

/** The number in the node's label, or 0 for a control plane, or the number at the end of the node's name. */
const ownNumber = ({ metadata: { name, labels = {} } }: Node): number | undefined => {
  const wanted = labels[subnetLabel];
  if (wanted !== undefined && /^\d{1,5}$/.test(wanted)) return Number(wanted);
  const last = /(\d{1,5})$/.exec(name)?.[1];
  const isControlPlane = 'node-role.kubernetes.io/control-plane' in labels || /^control-?plane/.test(name);
  if (isControlPlane) return 0;
  return last === undefined ? undefined : Number(last);
};

const ownSubnet = (node: Node, options: NodeIpamOptions): Cidr | undefined => {
  const own = ownNumber(node);
  return own === undefined ? undefined : subnetAt(own, options);
};

const firstFree = (taken: ReadonlySet<string>, options: NodeIpamOptions): Cidr | undefined => {
  // Subnet 0 is for the control plane, which may register last. Other nodes get it only if no other subnet is free.
  for (let index = 1; ; index += 1) {
    const subnet = subnetAt(index, options);
    if (subnet === undefined) break;
    if (!taken.has(subnet)) return subnet;
  }
  const first = subnetAt(0, options);
  return first !== undefined && !taken.has(first) ? first : undefined;
};

const subnetAt = (index: number, { clusterCidr, maskSize }: NodeIpamOptions): Cidr | undefined => {
  const { first, last } = cidrRange(clusterCidr);
  const start = first + index * 2 ** (32 - maskSize);
  return start > last ? undefined : parseCidr(`${ipv4FromNumber(start)}/${maskSize}`);
};
