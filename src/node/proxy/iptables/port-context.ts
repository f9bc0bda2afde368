// What the rules of one service port are computed from.

import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily, NodeView, ServicePort } from '../types.ts';
import type { Categories } from '../view/categorize.ts';
import { chainName } from './names.ts';

/** What shapes the rules beside the service itself. */
export interface BuildOptions {
  readonly family: IpFamily;
  readonly node: Pick<NodeView, 'name' | 'zone' | 'addresses'>;
  readonly local: LocalMatch;
  readonly masqueradeAll: boolean;
  /** Counts packets to node ports on loopback, where the kernel has nfacct. */
  readonly countLocalhostNodePorts: boolean;
  /** In a cluster of more than 1,000 endpoints the rules of endpoints go without comments. */
  readonly endpointComments: boolean;
}

export interface PortContext {
  readonly port: ServicePort;
  readonly options: BuildOptions;
  readonly endpoints: Categories;
  readonly protocol: string;
  /** Endpoints that traffic to the cluster IP may use exist. */
  readonly internalOpen: boolean;
  /** The same for traffic from outside. */
  readonly externalOpen: boolean;
  readonly names: {
    readonly cluster: string;
    readonly local: string;
    readonly external: string;
    readonly firewall: string;
  };
  /** The chain with the endpoints for the cluster IP. */
  readonly internalChain: string;
  readonly usesFirewall: boolean;
}

export const contextOf = (port: ServicePort, endpoints: Categories, options: BuildOptions): PortContext => {
  const protocol = port.protocol.toLowerCase();
  const identity = port.portName + protocol;
  const names = {
    cluster: chainName('SVC', identity),
    local: chainName('SVL', identity),
    external: chainName('EXT', identity),
    firewall: chainName('FW', identity),
  };
  return {
    port,
    options,
    endpoints,
    protocol,
    names,
    internalOpen: endpoints.any && !(port.internalPolicyLocal && endpoints.local.length === 0),
    externalOpen: endpoints.any && !(port.externalPolicyLocal && endpoints.local.length === 0),
    internalChain: port.internalPolicyLocal ? names.local : names.cluster,
    usesFirewall: endpoints.any && port.loadBalancerIps.length > 0 && port.sourceRanges.length > 0,
  };
};
