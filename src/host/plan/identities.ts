// The certificates that the parts of a cluster need, as data. `pki.ts` makes them.
import { type ClusterSpec, clusterDomain } from '../../api/cluster.ts';
import { cidrAddress, type Ipv4 } from '../../api/scalars.ts';

/** PEM, the key as PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Pki {
  readonly ca: KeyPair;
  /**
   * Signs the requests that an administrator approves in the cluster. Its key is in the control plane, where students
   * are root, so only the API server believes its certificates. The key of `ca` is in no machine.
   */
  readonly clientCa: KeyPair;
  /** PEM: the API server signs the tokens of service accounts with this pair. */
  readonly serviceAccounts: { readonly key: string; readonly publicKey: string };
  /** By the id of their `CertificateRequest`. */
  readonly issued: Readonly<Record<string, KeyPair>>;
}

export interface PkiRequest {
  readonly certificates: readonly CertificateRequest[];
}

export interface CertificateRequest {
  readonly id: string;
  readonly commonName: string;
  readonly organisations: readonly string[];
  readonly server: boolean;
  readonly client: boolean;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

export const identity = {
  admin: 'admin',
  apiserver: 'apiserver',
  apiserverKubeletClient: 'apiserver-kubelet-client',
  controllerManager: 'controller-manager',
  scheduler: 'scheduler',
  dns: 'cluster-dns',
  proxy: 'kube-proxy',
  podnet: 'podnet',
  speaker: 'lb-speaker',
  kubelet: (node: string): string => `kubelet/${node}`,
  kubeletServing: (node: string): string => `kubelet-serving/${node}`,
} as const;

/** The certificates of a cluster. @param addresses of the nodes, in the order of `spec.nodes` */
export const pkiRequest = (spec: ClusterSpec, addresses: readonly Ipv4[]): PkiRequest => {
  const nodes = spec.nodes.map((node, index) => ({ ...node, address: addresses[index] ?? '' }));
  const controlPlane = nodes.find((node) => node.role === 'control-plane');
  return {
    certificates: [
      {
        id: identity.apiserver,
        commonName: 'kube-apiserver',
        organisations: [],
        server: true,
        client: false,
        dnsNames: [
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          `kubernetes.default.svc.${clusterDomain}`,
          'localhost',
          ...(controlPlane ? [controlPlane.name] : []),
        ],
        addresses: [cidrAddress(spec.serviceCidr, 1), ...(controlPlane ? [controlPlane.address] : []), '127.0.0.1'],
      },
      client(identity.admin, 'kubernetes-admin', 'system:masters'),
      client(identity.apiserverKubeletClient, 'kube-apiserver-kubelet-client', 'system:masters'),
      client(identity.controllerManager, 'system:kube-controller-manager'),
      client(identity.scheduler, 'system:kube-scheduler'),
      client(identity.dns, 'system:cluster-dns'),
      client(identity.proxy, 'system:kube-proxy'),
      client(identity.podnet, 'system:podnet'),
      ...(spec.loadBalancerCidr === undefined ? [] : [client(identity.speaker, 'system:lb-speaker')]),
      ...nodes.flatMap((node) => [
        client(identity.kubelet(node.name), `system:node:${node.name}`, 'system:nodes'),
        {
          id: identity.kubeletServing(node.name),
          commonName: `system:node:${node.name}`,
          organisations: ['system:nodes'],
          server: true,
          client: false,
          dnsNames: [node.name],
          addresses: [node.address, '127.0.0.1'],
        },
      ]),
    ],
  };
};

const client = (id: string, commonName: string, ...organisations: string[]): CertificateRequest => ({
  id,
  commonName,
  organisations,
  server: false,
  client: true,
  dnsNames: [],
  addresses: [],
});
