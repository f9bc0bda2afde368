// Chains of userspace mode, by the names that kube-proxy up to v1.25 gave them.

export const chain = {
  /** What comes in, to a service's address. */
  portalsContainer: 'KUBE-PORTALS-CONTAINER',
  /** What the node itself sends to a service's address. */
  portalsHost: 'KUBE-PORTALS-HOST',
  nodePortContainer: 'KUBE-NODEPORT-CONTAINER',
  nodePortHost: 'KUBE-NODEPORT-HOST',
  /** Lets node ports through a firewall that refuses what it doesn't know. */
  nonLocal: 'KUBE-NODEPORT-NON-LOCAL',
  /** Ours, not the original's: who may not come in at all. */
  firewall: 'KUBE-PORTALS-FIREWALL',
} as const;

/** The chains by table, in the order in which they are written. */
export const chainsOf = {
  filter: [chain.firewall, chain.nonLocal],
  nat: [chain.portalsContainer, chain.portalsHost, chain.nodePortContainer, chain.nodePortHost],
} as const;
