// The Kubernetes version that the cluster presents: that of the kubectl in the node image, so that neither warns of skew.

export const kubernetesVersion = 'v1.32.3';
