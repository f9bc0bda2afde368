// Labels of nodes that several components read or write (Kubernetes' well-known labels).

export const hostnameLabel = 'kubernetes.io/hostname';
export const zoneLabel = 'topology.kubernetes.io/zone';
