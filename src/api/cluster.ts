// The cluster that a lab wants: the part of a lab's definition from which the plan is made.
import type { ProxyMode } from './proxy-modes.ts';
import type { Cidr, Ipv4 } from './scalars.ts';

export interface ClusterSpec {
  /** In the order of the pod subnets: the first gets 10.244.0.0/24, the next 10.244.1.0/24, … Exactly one control plane. */
  readonly nodes: readonly NodeSpecification[];
  /** Machines outside of the cluster, on the lab's network. */
  readonly clients: readonly { readonly name: string }[];
  /** The nodes' network. Default 192.168.56.0/24; the fabric is .1, nodes from .10 on, clients from .100 on. */
  readonly nodeCidr: Cidr;
  /** Default 10.244.0.0/16. */
  readonly podCidr: Cidr;
  /** kube-apiserver's `--service-cluster-ip-range`. Default 10.96.0.0/12. */
  readonly serviceCidr: Cidr;
  /** The cluster DNS service's address. Default: the tenth of the service range. */
  readonly dnsAddress: Ipv4;
  /** How pods on different nodes reach each other. */
  readonly podNetwork: 'routes' | 'vxlan';
  readonly proxy: ProxySpecification;
}

export interface NodeSpecification {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
}

export interface ProxySpecification {
  /** kube-proxy's `--proxy-mode`; not passed when absent, so that its default shows. */
  readonly mode?: ProxyMode;
  /** kube-proxy's `-v`. Default 4, at which it names each service port. */
  readonly verbosity: number;
}
