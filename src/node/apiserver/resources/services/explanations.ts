// What `kubectl explain service` says.
import type { Explanations } from '../definition.ts';

export const serviceExplanations: Explanations = {
  'core.v1.Service': { '': 'A stable address and name for a changing set of pods.' },
  'core.v1.ServiceSpec': {
    type: 'ClusterIP: reachable inside the cluster. NodePort: also through a port on every node. LoadBalancer: also through an external address. ExternalName: an alias in DNS.',
    clusterIP:
      'A virtual address from the service range: no interface has it. Empty: the API server chooses a free address. "None": headless, DNS answers with the addresses of the pods. It cannot be changed later.',
    selector: 'Pods with all of these labels become endpoints of the service once they are ready.',
    ports: 'The ports of the service, and the port of the pods to which each of them leads.',
    sessionAffinity: 'ClientIP: a client keeps reaching the same endpoint for a while.',
    externalTrafficPolicy:
      "Local: traffic from outside goes only to endpoints on the node where it arrives, and keeps the client's address.",
    internalTrafficPolicy: 'Local: traffic from pods goes only to endpoints on their own node.',
    externalIPs: 'Further addresses at which nodes accept traffic for this service.',
    publishNotReadyAddresses: 'Pods count as endpoints before they are ready.',
  },
  'core.v1.ServicePort': {
    port: 'The port on the cluster IP.',
    targetPort: "The port in the pod: a number, or the name of a container's port. Default: the same as port.",
    nodePort:
      'The port on every node, by default from 30000 to 32767. If it is needed and left out, the API server chooses a free port.',
  },
};
