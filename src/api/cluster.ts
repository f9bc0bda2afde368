// The cluster that a lab asks for: the part of a lab's definition from which the plan is made.
import type { ProxyMode } from './proxy-modes.ts';
import type { Cidr, Ipv4 } from './scalars.ts';
import type { LinkQuality } from './wiring.ts';

export interface ClusterSpec {
  /**
   * In the order of the pod subnets: the first gets 10.244.0.0/24, the next 10.244.1.0/24, … Exactly one control plane.
   */
  readonly nodes: readonly NodeSpecification[];
  /** Machines outside the cluster, on the lab's network. */
  readonly clients: readonly ClientSpecification[];
  /** The nodes' network. Default 192.168.56.0/24; the fabric is .1, nodes from .10 on, clients from .100 on. */
  readonly nodeCidr: Cidr;
  /** Default 10.244.0.0/16. */
  readonly podCidr: Cidr;
  /** kube-apiserver's `--service-cluster-ip-range`. Default 10.96.0.0/12. */
  readonly serviceCidr: Cidr;
  /** The cluster DNS service's address. Default: the tenth of the service range. */
  readonly dnsAddress: Ipv4;
  /** The addresses of services of the type LoadBalancer, in the nodes' network. Absent: such a service gets none. */
  readonly loadBalancerCidr?: Cidr;
  readonly podNetwork: PodNetwork;
  readonly proxy: ProxySpecification;
  /** Further networks, beside that of the nodes. Each is a bridge. */
  readonly networks?: readonly NetworkSpecification[];
  /** Machines without Kubernetes on any of the networks. */
  readonly machines?: readonly MachineSpecification[];
}

export interface NetworkSpecification {
  readonly name: string;
  readonly cidr: Cidr;
  /** Of each link to the network. A machine's own replaces it. */
  readonly link?: LinkQuality;
}

export interface MachineSpecification {
  readonly name: string;
  /** A router forwards packets. */
  readonly role: 'router' | 'host';
  /** In the order of its interfaces: the first one is eth0. */
  readonly networks: readonly Attachment[];
  readonly routes?: readonly RouteSpecification[];
}

/** An interface of a machine. */
export interface Attachment {
  /** The name of a network, or `cluster`: the nodes' network. */
  readonly name: string;
  /** Absent: the interface has no address. */
  readonly address?: Ipv4;
  readonly link?: LinkQuality;
}

export interface RouteSpecification {
  readonly to: Cidr | 'default';
  readonly via: Ipv4;
}

/** The name of the nodes' network among the networks of a machine. */
export const clusterNetwork = 'cluster';

export interface ClientSpecification {
  readonly name: string;
  /** Beside the default route, which ends in the fabric. */
  readonly routes?: readonly RouteSpecification[];
  readonly link?: LinkQuality;
}

/** How pods on different nodes reach each other. With `none`, they don't, until somebody sets the routes. */
export const podNetworks = ['routes', 'vxlan', 'none'] as const;
export type PodNetwork = (typeof podNetworks)[number];

export interface NodeSpecification {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  /** Labels of the Node object, beside those of the kubelet. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Value of the label `topology.kubernetes.io/zone`. */
  readonly zone?: string;
  /**
   * False: kube-proxy is no part of this node. Only its program is there. `own`: the student's own program takes its
   * place (`labs install-proxy`), with kube-proxy's credentials; kube-proxy's program is not there.
   */
  readonly proxy?: boolean | typeof ownProxy;
  /** Beside the default route, which ends in the fabric. */
  readonly routes?: readonly RouteSpecification[];
  readonly link?: LinkQuality;
}

/** The name of the node that runs the API server. */
export const controlPlaneIn = ({ nodes }: Pick<ClusterSpec, 'nodes'>): string =>
  nodes.find(({ role }) => role === 'control-plane')?.name ?? '';

/** The names of all machines but the fabric. */
export const membersOf = ({
  nodes,
  clients,
  machines = [],
}: Pick<ClusterSpec, 'nodes' | 'clients' | 'machines'>): readonly string[] =>
  [...nodes, ...clients, ...machines].map(({ name }) => name);

/** The value of `proxy` where the student's own program takes the place of kube-proxy. */
export const ownProxy = 'own' as const;

/** Whether labs installs kube-proxy on the node. */
export const hasProxy = ({ proxy = true }: Pick<NodeSpecification, 'proxy'>): boolean => proxy === true;

/** Whether the student's own program takes the place of kube-proxy on the node. */
export const takesOwnProxy = ({ proxy }: Pick<NodeSpecification, 'proxy'>): boolean => proxy === ownProxy;

export interface ProxySpecification {
  /** kube-proxy's mode. Absent: the setting is not passed, and kube-proxy uses its default. */
  readonly mode?: ProxyMode;
  /** Whether iptables mode is good enough where the kernel cannot run mode ipvs. Absent: no, the start then fails. */
  readonly fallback?: boolean;
  /** kube-proxy's `-v`. Default 4: kube-proxy then logs each service port. */
  readonly verbosity: number;
  /** Further flags of kube-proxy, such as `--masquerade-all`. */
  readonly flags?: readonly string[];
}

/** kube-proxy's flags that labs sets, and the field of `proxy` that decides about each. */
export const reservedProxyFlags: Readonly<Record<string, string | undefined>> = {
  '--config': undefined,
  '--hostname-override': undefined,
  '--kubeconfig': undefined,
  '--log-file': undefined,
  '--proxy-mode': 'mode',
  '--v': 'verbosity',
};

/** The limits of a cluster. `host/lab/cluster.ts` refuses a cluster that exceeds them. */
export const clusterLimits = {
  /**
   * The container name `labs-NAME-MACHINE` must be a DNS label of at most 63 characters (RFC 1123): 5 + 40 + 1 + 15.
   */
  nameLength: 40,
  /**
   * The longest name of a network interface (IFNAMSIZ is 16 with the NUL), so that an interface can have the name of
   * its machine.
   */
  machineNameLength: 15,
  nodes: 16,
  clients: 16,
  machines: 16,
  networks: 16,
  /** Interfaces of one machine. */
  interfaces: 8,
  /** Longest prefix of `nodeCidr`: the clients' addresses start at .100. */
  nodePrefix: 24,
  /** Longest prefix of `serviceCidr`. */
  servicePrefix: 28,
} as const;

/** Where machines and services have their addresses: numbers are indexes into `nodeCidr` and `serviceCidr`. */
export const addressLayout = {
  bridge: 1,
  firstNode: 10,
  firstClient: 100,
  dnsService: 10,
  /** Each node has a pod subnet of 254 addresses: `--node-cidr-mask-size=24`. */
  podSubnetPrefix: 24,
} as const;

/** The DNS domain of every cluster. */
export const clusterDomain = 'cluster.local';

/** The name of the fabric among the machines of a cluster. No node and no client may have it. */
export const fabricMachine = 'fabric';
