// Names of chains. Some are those of iptables mode, with other rules in them: on a node only one of the two modes is at work.

export const chain = {
  services: 'KUBE-SERVICES',
  loadBalancer: 'KUBE-LOAD-BALANCER',
  nodePort: 'KUBE-NODE-PORT',
  postrouting: 'KUBE-POSTROUTING',
  markMasq: 'KUBE-MARK-MASQ',
  forward: 'KUBE-FORWARD',
  proxyFirewall: 'KUBE-PROXY-FIREWALL',
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

/** Whether a chain of this name is ours in that table. */
export const isOurChain = (table: string, name: string): boolean => tables[table]?.includes(name) ?? false;
