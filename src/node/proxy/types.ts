// Service ports, endpoints and the node, as all modes use them: of one address family, without the API's optional
// fields.
import type { Protocol } from '../../api/core.ts';
import type { IpFamily } from '../../api/ip.ts';
import type { Ip, Network, Port } from './scalars.ts';

export type { IpFamily };

/** `namespace/name:port/PROTOCOL`. Connects a service port with its endpoints. */
export type PortKey = string;

/** One port of one service, with its addresses of one family. */
export interface ServicePort {
  readonly key: PortKey;
  /** `namespace/name` */
  readonly service: string;
  /** `namespace/name:port`, or without `:port` where the port has no name. Used in comments, chain names and logs. */
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIp: Ip;
  readonly port: Port;
  /** 0: none. */
  readonly nodePort: Port | 0;
  readonly externalIps: readonly Ip[];
  readonly loadBalancerIps: readonly Ip[];
  readonly sourceRanges: readonly Network[];
  /** Seconds of ClientIP affinity; undefined: none. */
  readonly affinitySeconds: number | undefined;
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  /** 0: none. */
  readonly healthCheckNodePort: Port | 0;
}

export interface ProxyEndpoint {
  /** `ip:port`, or `[ip]:port` for IPv6. Endpoints are ordered by it. */
  readonly address: string;
  readonly ip: Ip;
  readonly port: Port;
  /** Whether the endpoint is on this node. */
  readonly local: boolean;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** All service ports and endpoints of one address family. Rules are built from this. */
export interface ServiceView {
  readonly ports: ReadonlyMap<PortKey, ServicePort>;
  readonly endpoints: ReadonlyMap<PortKey, readonly ProxyEndpoint[]>;
}

/** The node that kube-proxy runs on. */
export interface NodeView {
  readonly name: string;
  /** One per family; absent while the Node object has none. */
  readonly addresses: { readonly [F in IpFamily]?: Ip };
  readonly zone: string | undefined;
  readonly podCidrs: readonly Network[];
  /** False while the node is being removed. Kube-proxy then reports itself as unhealthy to load balancers. */
  readonly eligible: boolean;
}

/** Reachable through a node port, a load balancer or an external IP. */
export const isExternallyAccessible = (port: ServicePort): boolean =>
  port.nodePort !== 0 || port.loadBalancerIps.length > 0 || port.externalIps.length > 0;

/**
 * Whether packets may go to endpoints on other nodes. Under external policy Local, those of pods and of the node itself
 * do.
 */
export const usesClusterEndpoints = (port: ServicePort): boolean =>
  !port.internalPolicyLocal || isExternallyAccessible(port);

export const usesLocalEndpoints = (port: ServicePort): boolean =>
  port.internalPolicyLocal || (port.externalPolicyLocal && isExternallyAccessible(port));

export const familyOf = (address: string): IpFamily => (address.includes(':') ? 'IPv6' : 'IPv4');
