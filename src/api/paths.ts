// Paths, ports and programs inside a node. The plan writes the files; the image and the components use them.

export const nodePaths = {
  /** The bundled components, `kube-apiserver.js` and so on. */
  components: '/usr/local/lib/labs',
  kubernetes: '/etc/kubernetes',
  pki: '/etc/kubernetes/pki',
  /** The administrator's kubeconfig: on the control plane and in the fabric. */
  adminConfig: '/etc/kubernetes/admin.conf',
  apiserverData: '/var/lib/kube-apiserver',
  kubelet: '/var/lib/kubelet',
  /** A folder for each pod, named by its uid. It holds the pod's resolv.conf, among others. */
  pods: '/var/lib/kubelet/pods',
  cniConfig: '/etc/cni/net.d',
  /** Debian's containernetworking-plugins. */
  cniPlugins: '/usr/lib/cni',
  podLogs: '/var/log/pods',
  proxyLog: '/var/log/kube-proxy.log',
  proxyKubeconfig: '/etc/kubernetes/kube-proxy.conf',
  /** The student's program that takes the place of kube-proxy. */
  ownProxy: '/usr/local/lib/my-proxy',
} as const;

/** Runs a bundled program with its compiled code. */
export const programStarter = '/usr/local/lib/labs/start.js';

/** In the fabric: how to undo a change that a check has begun. */
export const changeJournal = '/var/lib/labs-change.json';

/** Ports on which the components listen. */
export const componentPorts = {
  apiServer: 6443,
  kubelet: 10250,
  kubeletHealth: 10248,
  proxyHealth: 10256,
  proxyMetrics: 10249,
  dns: 53,
} as const;

/** The components of nodes. Program, systemd unit and bundle have this name. */
export const components = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'podnet',
  'lb-speaker',
  'cluster-dns',
] as const;
export type Component = (typeof components)[number];

/** Components that also write their log into a file: path → component. */
export const logFiles: Readonly<Record<string, Component>> = { [nodePaths.proxyLog]: 'kube-proxy' };

/** On the API server, before the URL of a list: the last states of the objects that were deleted. */
export const deletedPrefix = '/debug/deleted';
