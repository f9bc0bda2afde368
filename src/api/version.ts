// The Kubernetes version of the cluster. It equals the version of the kubectl in the node image, so kubectl warns of no skew.

export const kubernetesVersion = 'v1.32.3';
