// Labels of nodes that several components read or write (Kubernetes' well-known labels).

export const hostnameLabel = 'kubernetes.io/hostname';
export const zoneLabel = 'topology.kubernetes.io/zone';
/** A node with this label, whatever its value, receives no traffic of load balancers (KEP-1143). */
export const excludeFromBalancersLabel = 'node.kubernetes.io/exclude-from-external-load-balancers';
