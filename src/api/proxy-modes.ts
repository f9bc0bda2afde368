// The modes of kube-proxy, as a lab's definition, a flag or a KubeProxyConfiguration names them.

export const proxyModes = ['iptables', 'ipvs', 'nftables', 'userspace'] as const;
export type ProxyMode = (typeof proxyModes)[number];
