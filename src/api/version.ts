// The Kubernetes version of the cluster, and the API versions of documents that are not resources.

/** Equals the version of the kubectl in the node image, so that kubectl does not warn of a skew. */
export const kubernetesVersion = 'v1.32.3';
/** The first two numbers of the version, such as `1` and `32`. */
export const [kubernetesMajor = '', kubernetesMinor = ''] = kubernetesVersion.slice(1).split('.');

/** `apiVersion` of a KubeletConfiguration. */
export const kubeletConfigVersion = 'kubelet.config.k8s.io/v1beta1';
/** `apiVersion` of a KubeProxyConfiguration. */
export const kubeProxyConfigVersion = 'kubeproxy.config.k8s.io/v1alpha1';
/** `apiVersion` of tables and partial objects, which `kubectl get` asks for. */
export const metaVersion = 'meta.k8s.io/v1';
