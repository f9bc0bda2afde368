// Names of chains in ipvs mode. Some chains exist in iptables mode, too, with other rules; only one of the two modes
// runs on a node.
import { commonChain } from '../xtables/common-chains.ts';

export const chain = {
  ...commonChain,
  loadBalancer: 'KUBE-LOAD-BALANCER',
  nodePort: 'KUBE-NODE-PORT',
  sourceRanges: 'KUBE-SOURCE-RANGES-FIREWALL',
  ipvsFilter: 'KUBE-IPVS-FILTER',
  ipvsOutFilter: 'KUBE-IPVS-OUT-FILTER',
} as const;

const tables: Readonly<Record<string, readonly string[]>> = {
  nat: [chain.services, chain.loadBalancer, chain.nodePort, chain.postrouting, chain.markMasq],
  filter: [
    ...[chain.forward, chain.nodePort, chain.proxyFirewall, chain.sourceRanges],
    ...[chain.ipvsFilter, chain.ipvsOutFilter],
  ],
};

/** Whether ipvs mode has a chain of this name in this table. */
export const isOurChain = (table: string, name: string): boolean => tables[table]?.includes(name) ?? false;
