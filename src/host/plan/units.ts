// The systemd units of the components, which a student sees with `systemctl cat kube-proxy`.
import {
  addressLayout,
  type ClusterSpec,
  clusterDomain,
  hasProxy,
  type NodeSpecification,
  takesOwnProxy,
} from '../../api/cluster.ts';
import { excludeFromBalancersLabel, zoneLabel } from '../../api/labels.ts';
import { type Component, componentPorts, nodePaths } from '../../api/paths.ts';
import type { Ipv4 } from '../../api/scalars.ts';
import { linkName } from './names.ts';
import type { PlannedFile } from './types.ts';

/** systemd's folder for units. */
const unitFolder = '/etc/systemd/system';
/** The target that a node boots into. It starts only the components: no login and no device manager. */
const target = 'labs.target';

export interface NodeContext {
  readonly name: string;
  readonly node: NodeSpecification;
  readonly controlPlane: boolean;
  readonly address: Ipv4;
  readonly apiServerAddress: Ipv4;
  readonly spec: ClusterSpec;
}

const descriptions: Readonly<Record<Component, string>> = {
  'kube-apiserver': 'kube-apiserver: The Kubernetes API server',
  'kube-controller-manager': 'kube-controller-manager: The Kubernetes controllers',
  'kube-scheduler': 'kube-scheduler: The Kubernetes scheduler',
  kubelet: 'kubelet: The Kubernetes node agent',
  'kube-proxy': 'kube-proxy: The Kubernetes service proxy',
  podnet: 'podnet: The pod network between nodes',
  'lb-speaker': 'lb-speaker: Announces the addresses of services of the type LoadBalancer',
  'cluster-dns': 'cluster-dns: The cluster DNS server',
};

/** The components of a node. */
export const componentsOf = (node: NodeSpecification, spec: ClusterSpec): readonly Component[] =>
  programsIn(node, spec).filter((component) => component !== 'kube-proxy' || hasProxy(node));

/**
 * The components whose programs a node has. kube-proxy's program is there also where labs does not install it, but not
 * where the student writes one.
 */
export const programsIn = (
  node: NodeSpecification,
  { loadBalancerCidr }: Pick<ClusterSpec, 'loadBalancerCidr'>,
): readonly Component[] => {
  const everywhere: readonly Component[] = [
    'kubelet',
    ...(takesOwnProxy(node) ? [] : (['kube-proxy'] as const)),
    'podnet',
    ...(loadBalancerCidr === undefined ? [] : (['lb-speaker'] as const)),
  ];
  return node.role === 'control-plane'
    ? ['kube-apiserver', ...everywhere, 'cluster-dns', 'kube-controller-manager', 'kube-scheduler']
    : everywhere;
};

/** The units, the links that enable them, and the target. No unit waits for another, because each component retries. */
export const unitFiles = (node: NodeContext): readonly PlannedFile[] => [
  ...componentsOf(node.node, node.spec).flatMap((component): PlannedFile[] => [
    { path: `${unitFolder}/${component}.service`, mode: 0o644, content: unitOf(component, node) },
    { path: `${unitFolder}/${target}.wants/${component}.service`, symlink: `../${component}.service` },
  ]),
  { path: `${unitFolder}/${target}`, mode: 0o644, content: targetUnit },
  { path: `${unitFolder}/default.target`, symlink: target },
  { path: '/etc/systemd/system.conf.d/labs.conf', mode: 0o644, content: managerConfig },
  { path: '/etc/systemd/journald.conf.d/labs.conf', mode: 0o644, content: journalConfig },
];

// No default dependencies: they would start sysinit.target, which takes most of a boot and does nothing useful here.
const targetUnit = `[Unit]
Description=Kubernetes node
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
Wants=systemd-journald.socket systemd-journald.service
AllowIsolate=yes
`;

const managerConfig = `[Manager]
ShowStatus=no
DefaultTimeoutStopSec=2s
DefaultRestartSec=300ms
DefaultLimitNOFILE=65536
`;

const journalConfig = `[Journal]
Storage=volatile
RuntimeMaxUse=32M
RateLimitIntervalSec=0
Audit=no
ForwardToSyslog=no
`;

const unitOf = (component: Component, node: NodeContext): string => `[Unit]
Description=${descriptions[component]}
Documentation=https://kubernetes.io/docs/
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
ExecStart=${[`/usr/local/bin/${component}`, ...flagsOf(component, node)].join(' \\\n  ')}
Restart=always
RestartSec=300ms
${component === 'kubelet' ? 'KillMode=process\n' : ''}
[Install]
WantedBy=${target}
`;

/** A component's flags, named as the original component's flags. */
export const flagsOf = (component: Component, node: NodeContext): readonly string[] => {
  const { spec } = node;
  const config = (name: string): string => `${nodePaths.kubernetes}/${name}`;
  switch (component) {
    case 'kube-apiserver':
      return [
        `--advertise-address=${node.apiServerAddress}`,
        '--bind-address=0.0.0.0',
        `--secure-port=${componentPorts.apiServer}`,
        `--tls-cert-file=${nodePaths.pki}/apiserver.crt`,
        `--tls-private-key-file=${nodePaths.pki}/apiserver.key`,
        `--client-ca-file=${nodePaths.pki}/client-cas.crt`,
        `--kubelet-client-certificate=${nodePaths.pki}/apiserver-kubelet-client.crt`,
        `--kubelet-client-key=${nodePaths.pki}/apiserver-kubelet-client.key`,
        `--kubelet-certificate-authority=${nodePaths.pki}/ca.crt`,
        `--service-account-issuer=https://kubernetes.default.svc.${clusterDomain}`,
        `--service-account-key-file=${nodePaths.pki}/sa.pub`,
        `--service-account-signing-key-file=${nodePaths.pki}/sa.key`,
        `--service-cluster-ip-range=${spec.serviceCidr}`,
        '--service-node-port-range=30000-32767',
        `--data-dir=${nodePaths.apiserverData}`,
        '-v=2',
      ];
    case 'kube-controller-manager':
      return [
        `--kubeconfig=${config('controller-manager.conf')}`,
        '--allocate-node-cidrs=true',
        `--cluster-cidr=${spec.podCidr}`,
        `--service-cluster-ip-range=${spec.serviceCidr}`,
        `--node-cidr-mask-size=${addressLayout.podSubnetPrefix}`,
        `--root-ca-file=${nodePaths.pki}/ca.crt`,
        `--cluster-signing-kube-apiserver-client-cert-file=${nodePaths.pki}/client-ca.crt`,
        `--cluster-signing-kube-apiserver-client-key-file=${nodePaths.pki}/client-ca.key`,
        ...balancerFlag(spec),
        '-v=2',
      ];
    case 'kube-scheduler':
      return [`--kubeconfig=${config('scheduler.conf')}`, '-v=2'];
    case 'kubelet':
      return [
        `--kubeconfig=${config('kubelet.conf')}`,
        `--config=${config('kubelet-config.yaml')}`,
        `--hostname-override=${node.name}`,
        `--node-ip=${node.address}`,
        `--node-labels=${nodeLabels(node).join(',')}`,
        ...(node.controlPlane ? ['--register-with-taints=node-role.kubernetes.io/control-plane=:NoSchedule'] : []),
        '-v=2',
      ];
    case 'kube-proxy':
      return [
        `--config=${config('kube-proxy-config.yaml')}`,
        ...proxyFlags(node.name, spec),
        `-v=${spec.proxy.verbosity}`,
        `--log-file=${nodePaths.proxyLog}`,
        '--alsologtostderr',
      ];
    case 'podnet':
      return [
        `--kubeconfig=${config('podnet.conf')}`,
        `--hostname-override=${node.name}`,
        `--node-ip=${node.address}`,
        `--cluster-cidr=${spec.podCidr}`,
        `--mode=${spec.podNetwork}`,
      ];
    case 'lb-speaker':
      return [
        `--kubeconfig=${config('lb-speaker.conf')}`,
        `--hostname-override=${node.name}`,
        `--interface=${linkName}`,
        ...balancerFlag(spec),
      ];
    case 'cluster-dns':
      return [
        `--kubeconfig=${config('cluster-dns.conf')}`,
        `--address=${node.address}`,
        `--port=${componentPorts.dns}`,
        `--service-ip=${spec.dnsAddress}`,
        `--cluster-domain=${clusterDomain}`,
      ];
  }
};

const balancerFlag = ({ loadBalancerCidr }: ClusterSpec): readonly string[] =>
  loadBalancerCidr === undefined ? [] : [`--load-balancer-cidr=${loadBalancerCidr}`];

/** kube-proxy's flags that decide what it writes. */
export const proxyFlags = (node: string, { proxy: { mode, flags = [] } }: ClusterSpec): readonly string[] => [
  `--hostname-override=${node}`,
  ...(mode === undefined ? [] : [`--proxy-mode=${mode}`]),
  ...flags,
];

/** The order of pod subnets is that of the definition, not the order in which nodes register. */
const nodeLabels = ({ name, spec, controlPlane, node: { labels = {}, zone } }: NodeContext): readonly string[] => [
  ...(controlPlane ? ['node-role.kubernetes.io/control-plane='] : []),
  // As kubeadm labels it: the control plane takes no traffic of clients.
  ...(controlPlane && spec.loadBalancerCidr !== undefined ? [`${excludeFromBalancersLabel}=`] : []),
  `labs/pod-subnet=${spec.nodes.findIndex((node) => node.name === name)}`,
  ...(zone === undefined ? [] : [`${zoneLabel}=${zone}`]),
  ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
];
