// The files of each machine before it starts: units, certificates, kubeconfigs, configurations and the components.
import { stringify } from 'yaml';
import { type ClusterSpec, clusterDomain, hasProxy, takesOwnProxy } from '../../api/cluster.ts';
import { componentPorts, nodePaths } from '../../api/paths.ts';
import { kubeletConfigVersion, kubeProxyConfigVersion } from '../../api/version.ts';
import { identity, type KeyPair, type Pki } from './identities.ts';
import { agentProgram, programFiles, twinProgram } from './programs.ts';
import type { PlannedFile } from './types.ts';
import { type NodeContext, programsIn, unitFiles } from './units.ts';

/** A program `labs` of nodes and clients: says where the real one runs. */
export const signpost: PlannedFile = {
  path: '/usr/local/bin/labs',
  mode: 0o755,
  content: `#!/bin/sh
cat >&2 <<END
labs runs on your own machine, not on $(hostname).
Use another terminal, or leave this shell first (Ctrl-D).
labs는 여러분의 컴퓨터에서 실행합니다.
다른 터미널을 쓰거나, 먼저 $(hostname) 셸에서 나가세요(Ctrl-D).
END
exit 127
`,
};

/**
 * What tells a machine its own name and the names of the others. No name servers: none is reachable from a machine, and
 * without them, a lookup fails at once.
 */
export const systemFiles = (hostname: string, hosts: readonly string[]): readonly PlannedFile[] => [
  { path: '/etc/hostname', mode: 0o644, content: `${hostname}\n` },
  { path: '/etc/resolv.conf', mode: 0o644, content: '' },
  {
    path: '/etc/hosts',
    mode: 0o644,
    content: [
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      ...hosts.map((entry) => entry.replace(/^([^:]*):(.*)$/, '$2\t$1')),
      '',
    ].join('\n'),
  },
];

/** All files of a node. */
export const nodeFiles = (node: NodeContext, pki: Pki): readonly PlannedFile[] => [
  signpost,
  ...programFiles(programsIn(node.node, node.spec)),
  ...unitFiles(node),
  ...workerFiles(node, pki),
  ...(node.controlPlane ? controlPlaneFiles(node, pki) : []),
];

/** The files of the fabric: the agent, kube-proxy's program, and the grader's credentials for the API server. */
export const fabricFiles = (server: string, pki: Pki): readonly PlannedFile[] => [
  ...agentProgram,
  twinProgram,
  kubeconfigFile(nodePaths.adminConfig, server, 'kubernetes-admin', pki, identity.admin),
];

const workerFiles = (node: NodeContext, pki: Pki): readonly PlannedFile[] => {
  const server = serverOf(node);
  const { kubernetes } = nodePaths;
  return [
    { path: `${nodePaths.pki}/ca.crt`, mode: 0o644, content: pki.ca.certificate },
    kubeconfigFile(`${kubernetes}/kubelet.conf`, server, `system:node:${node.name}`, pki, identity.kubelet(node.name)),
    kubeconfigFile(`${kubernetes}/podnet.conf`, server, 'system:podnet', pki, identity.podnet),
    ...(node.spec.loadBalancerCidr === undefined
      ? []
      : [kubeconfigFile(`${kubernetes}/lb-speaker.conf`, server, 'system:lb-speaker', pki, identity.speaker)]),
    { path: `${kubernetes}/kubelet-config.yaml`, mode: 0o644, content: kubeletConfig(node) },
    ...(hasProxy(node.node) || takesOwnProxy(node.node)
      ? [kubeconfigFile(nodePaths.proxyKubeconfig, server, 'system:kube-proxy', pki, identity.proxy)]
      : []),
    ...(hasProxy(node.node)
      ? [{ path: `${kubernetes}/kube-proxy-config.yaml`, mode: 0o644, content: proxyConfig(node.spec) }]
      : []),
    ...pairFiles(`${nodePaths.kubelet}/pki/kubelet`, issuedTo(pki, identity.kubeletServing(node.name))),
  ];
};

const controlPlaneFiles = (node: NodeContext, pki: Pki): readonly PlannedFile[] => {
  const server = serverOf(node);
  const { kubernetes } = nodePaths;
  return [
    ...pairFiles(`${nodePaths.pki}/client-ca`, pki.clientCa),
    { path: `${nodePaths.pki}/client-cas.crt`, mode: 0o644, content: pki.ca.certificate + pki.clientCa.certificate },
    { path: `${nodePaths.pki}/sa.key`, mode: 0o600, content: pki.serviceAccounts.key, secret: true },
    { path: `${nodePaths.pki}/sa.pub`, mode: 0o644, content: pki.serviceAccounts.publicKey },
    ...pairFiles(`${nodePaths.pki}/apiserver`, issuedTo(pki, identity.apiserver)),
    ...pairFiles(`${nodePaths.pki}/apiserver-kubelet-client`, issuedTo(pki, identity.apiserverKubeletClient)),
    kubeconfigFile(nodePaths.adminConfig, server, 'kubernetes-admin', pki, identity.admin),
    kubeconfigFile('/root/.kube/config', server, 'kubernetes-admin', pki, identity.admin),
    kubeconfigFile(
      `${kubernetes}/controller-manager.conf`,
      server,
      'system:kube-controller-manager',
      pki,
      identity.controllerManager,
    ),
    kubeconfigFile(`${kubernetes}/scheduler.conf`, server, 'system:kube-scheduler', pki, identity.scheduler),
    kubeconfigFile(`${kubernetes}/cluster-dns.conf`, server, 'system:cluster-dns', pki, identity.dns),
  ];
};

const serverOf = (node: NodeContext): string => `https://${node.apiServerAddress}:${componentPorts.apiServer}`;

const issuedTo = (pki: Pki, id: string): KeyPair => {
  const pair = pki.issued[id];
  if (!pair) throw new Error(`the PKI has no certificate for ${id}`);
  return pair;
};

const pairFiles = (path: string, pair: KeyPair): PlannedFile[] => [
  { path: `${path}.crt`, mode: 0o644, content: pair.certificate },
  { path: `${path}.key`, mode: 0o600, content: pair.key, secret: true },
];

const kubeconfigFile = (path: string, server: string, user: string, pki: Pki, id: string): PlannedFile => {
  const { certificate, key } = issuedTo(pki, id);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const content = stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'kubernetes', cluster: { server, 'certificate-authority-data': base64(pki.ca.certificate) } }],
      users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
      contexts: [{ name: `${user}@kubernetes`, context: { cluster: 'kubernetes', user } }],
      'current-context': `${user}@kubernetes`,
    },
    { lineWidth: 0 },
  );
  return { path, mode: 0o600, content, secret: true };
};

const kubeletConfig = (node: NodeContext): string =>
  stringify({
    apiVersion: kubeletConfigVersion,
    kind: 'KubeletConfiguration',
    address: '0.0.0.0',
    port: componentPorts.kubelet,
    authentication: {
      anonymous: { enabled: false },
      x509: { clientCAFile: `${nodePaths.pki}/ca.crt` },
    },
    clusterDNS: [node.spec.dnsAddress],
    clusterDomain,
    healthzBindAddress: '127.0.0.1',
    healthzPort: componentPorts.kubeletHealth,
    tlsCertFile: `${nodePaths.kubelet}/pki/kubelet.crt`,
    tlsPrivateKeyFile: `${nodePaths.kubelet}/pki/kubelet.key`,
  });

export const proxyConfig = ({ podCidr, proxy }: ClusterSpec, kubeconfig: string = nodePaths.proxyKubeconfig): string =>
  stringify({
    apiVersion: kubeProxyConfigVersion,
    kind: 'KubeProxyConfiguration',
    bindAddress: '0.0.0.0',
    healthzBindAddress: `0.0.0.0:${componentPorts.proxyHealth}`,
    metricsBindAddress: `127.0.0.1:${componentPorts.proxyMetrics}`,
    clientConnection: { kubeconfig },
    clusterCIDR: podCidr,
    ...(proxy.mode === undefined ? {} : { mode: proxy.mode }),
  });
