// What kube-proxy knows after parsing: service ports and endpoints of one address family, free of Kubernetes' optional fields.
import type { Protocol } from '../../api/core.ts';

export type IpFamily = 'IPv4' | 'IPv6';

/** `namespace/name:port/PROTOCOL`, what a service port and its endpoints are matched by. */
export type PortKey = string;

/** One port of one service: what a packet can be sent to. Addresses are of one family. */
export interface ServicePort {
  readonly key: PortKey;
  /** `namespace/name` */
  readonly service: string;
  /** `namespace/name:port`, or without `:port` where the port has no name. Used in comments, chain names and logs. */
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIp: string;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly externalIps: readonly string[];
  readonly loadBalancerIps: readonly string[];
  readonly sourceRanges: readonly string[];
  /** Seconds of ClientIP affinity; undefined: none. */
  readonly affinitySeconds: number | undefined;
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  /** 0: none. */
  readonly healthCheckNodePort: number;
}

export interface ProxyEndpoint {
  /** `ip:port`, or `[ip]:port` for IPv6. Endpoints are ordered by it. */
  readonly address: string;
  readonly ip: string;
  readonly port: number;
  /** On this node. */
  readonly local: boolean;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** All that rules are built from, for one address family. */
export interface ServiceView {
  readonly ports: ReadonlyMap<PortKey, ServicePort>;
  readonly endpoints: ReadonlyMap<PortKey, readonly ProxyEndpoint[]>;
}

/** What is known about the node that kube-proxy runs on. */
export interface NodeView {
  readonly name: string;
  /** By family; absent while the Node object has none. */
  readonly addresses: { readonly [F in IpFamily]?: string };
  readonly zone: string | undefined;
  readonly podCidrs: readonly string[];
  /** False while the node is being removed: its health check then fails. */
  readonly eligible: boolean;
}

/** Reachable through a node port, a load balancer or an external IP. */
export const isExternallyAccessible = (port: ServicePort): boolean =>
  port.nodePort !== 0 || port.loadBalancerIps.length > 0 || port.externalIps.length > 0;

/** Uses endpoints of the whole cluster. With external traffic even under policy Local: pods and the node itself are sent there. */
export const usesClusterEndpoints = (port: ServicePort): boolean =>
  !port.internalPolicyLocal || isExternallyAccessible(port);

export const usesLocalEndpoints = (port: ServicePort): boolean =>
  port.internalPolicyLocal || (port.externalPolicyLocal && isExternallyAccessible(port));

export const familyOf = (address: string): IpFamily => (address.includes(':') ? 'IPv6' : 'IPv4');
