// What `kubectl explain` says, in this project's own words: the kinds, and the fields that service networking turns on.

type Explanations = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** By type and field; `''` is the type itself. A field that isn't here is shown with its type alone. */
export const explanations: Explanations = {
  'core.v1.Namespace': { '': 'A room for names: objects in different namespaces may have the same one.' },
  'core.v1.Node': { '': 'A machine that runs pods. Its kubelet registers it and reports on it.' },
  'core.v1.NodeSpec': { podCIDR: 'The subnet from which pods on this node get their addresses.' },
  'core.v1.Pod': { '': 'Containers that run together on one node and share one network namespace, hence one IP.' },
  'core.v1.PodSpec': {
    nodeName: 'The node that runs the pod. The scheduler fills it in; set by hand, it goes around the scheduler.',
    hostNetwork: "The pod uses its node's network namespace instead of one of its own.",
    nodeSelector: 'Labels that a node must have to run the pod.',
  },
  'core.v1.PodStatus': {
    podIP: "The pod's address, from its node's pod subnet. A pod that is made anew gets another.",
  },
  'core.v1.Service': { '': 'A stable address and name for a changing set of pods.' },
  'core.v1.ServiceSpec': {
    type: 'ClusterIP: reachable inside the cluster. NodePort: also by a port on every node. LoadBalancer: also by an address outside. ExternalName: an alias in DNS.',
    clusterIP:
      'A virtual address from the service range: no interface has it. Empty: the API server picks a free one. "None": headless, DNS answers with the pods themselves. It cannot be changed later.',
    selector: 'Pods with all of these labels, once ready, are endpoints of the service.',
    ports: 'The ports on which the service listens, and where each leads.',
    sessionAffinity: 'ClientIP: one client keeps reaching the same endpoint for a while.',
    externalTrafficPolicy:
      "Local: traffic from outside goes to endpoints on the node that it came to, and keeps the client's address.",
    internalTrafficPolicy: 'Local: traffic from pods goes to endpoints on their own node only.',
    externalIPs: 'Addresses of your own that nodes also accept for this service.',
    publishNotReadyAddresses: 'Pods count as endpoints before they are ready.',
  },
  'core.v1.ServicePort': {
    port: 'The port on the cluster IP.',
    targetPort: "The port in the pod: a number, or the name of a container's port. Left out: the same as port.",
    nodePort:
      'The port on every node, by default from 30000 to 32767. Left out where one is needed: a free one is picked.',
  },
  'core.v1.Endpoints': { '': 'The addresses behind a service in one object: the older form of EndpointSlice.' },
  'core.v1.ConfigMap': { '': 'Settings as keys and values, for pods to read as variables or files.' },
  'core.v1.Secret': { '': 'Like a ConfigMap, for what should not be shown around. Values are base64, not encrypted.' },
  'core.v1.Event': { '': 'A report that something happened to an object. Kept for a while only.' },
  'apps.v1.Deployment': {
    '': 'Keeps a number of like pods running, and replaces them step by step when their template changes.',
  },
  'apps.v1.ReplicaSet': { '': 'Keeps a number of like pods running. Mostly made by a Deployment.' },
  'discovery.v1.EndpointSlice': {
    '': 'Some of the endpoints of a service: what every kube-proxy reads to write its rules.',
  },
  'discovery.v1.EndpointConditions': {
    ready: 'The endpoint takes new connections.',
    serving: 'The endpoint answers, even if it is about to end.',
    terminating: 'The endpoint is being deleted.',
  },
  'coordination.v1.Lease': { '': "A sign of life: a kubelet renews its node's every few seconds." },
};
