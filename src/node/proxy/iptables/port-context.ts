// The data from which the rules of one service port are built.

import type { LocalMatch } from '../local-detector.ts';
import type { IpFamily, NodeView, ServicePort } from '../types.ts';
import type { Categories } from '../view/categorize.ts';
import { chainName } from './names.ts';

/** What the rules depend on besides the service port and its endpoints. */
export interface BuildOptions {
  readonly family: IpFamily;
  readonly node: Pick<NodeView, 'name' | 'zone' | 'addresses'>;
  readonly local: LocalMatch;
  readonly masqueradeAll: boolean;
  /** Counts packets to node ports on loopback. Needs a kernel with nfacct. */
  readonly countLocalhostNodePorts: boolean;
  /** Whether the rules of endpoints have comments. Not with more than 1,000 endpoints. */
  readonly endpointComments: boolean;
}

export interface PortContext {
  readonly port: ServicePort;
  readonly options: BuildOptions;
  readonly endpoints: Categories;
  readonly protocol: string;
  /** Whether there are endpoints for traffic to the cluster IP. */
  readonly internalOpen: boolean;
  /** Whether there are endpoints for traffic from outside. */
  readonly externalOpen: boolean;
  readonly names: {
    readonly cluster: string;
    readonly local: string;
    readonly external: string;
    readonly firewall: string;
  };
  /** The chain that chooses an endpoint for traffic to the cluster IP. */
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
