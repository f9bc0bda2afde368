// Chains of userspace mode. Kube-proxy up to v1.25 used these names.

export const chain = {
  /** Packets that come in, to the address of a service. */
  portalsContainer: 'KUBE-PORTALS-CONTAINER',
  /** Packets of the node itself, to the address of a service. */
  portalsHost: 'KUBE-PORTALS-HOST',
  /** Packets that come in, to a node port. */
  nodePortContainer: 'KUBE-NODEPORT-CONTAINER',
  /** Packets of the node itself, to a node port. */
  nodePortHost: 'KUBE-NODEPORT-HOST',
  /** Accepts node ports, in case a host firewall drops all other packets. */
  nonLocal: 'KUBE-NODEPORT-NON-LOCAL',
  /** Drops clients outside the allowed source ranges. The original has no such chain. */
  firewall: 'KUBE-PORTALS-FIREWALL',
} as const;

/** The chains of each table, in the order in which they are written. */
export const chainsOf = {
  filter: [chain.firewall, chain.nonLocal],
  nat: [chain.portalsContainer, chain.portalsHost, chain.nodePortContainer, chain.nodePortHost],
} as const;

const all: ReadonlySet<string> = new Set(Object.values(chain));

export const isOurChain = (name: string): boolean => all.has(name);
