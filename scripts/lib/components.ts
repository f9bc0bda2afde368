// The programs of nodes, which build.ts bundles.

/** Folder in src/node → name of the bundle in dist/node, which is the name of the original program. */
export const components = {
  apiserver: 'kube-apiserver',
  controllers: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
  kubelet: 'kubelet',
  proxy: 'kube-proxy',
  podnet: 'podnet',
  speaker: 'lb-speaker',
  dns: 'cluster-dns',
} as const;
