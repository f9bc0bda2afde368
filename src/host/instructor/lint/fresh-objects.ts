// The objects of a cluster right after its start, by the paths of their lists. What is not here nobody knows.
import type { ClusterSpec } from '../../../api/cluster.ts';
import { allResources, apiPathOf } from '../../../api/resources.ts';
import { cidrAddress } from '../../../api/scalars.ts';
import { nodeAddress } from '../../plan/links.ts';

type Objects = Readonly<Record<string, readonly unknown[]>>;

export const freshObjects = (cluster: ClusterSpec): Objects => ({ ...none, ...some(cluster) });

/** Kinds of which a new cluster has no object. */
const empty = ['pods', 'deployments', 'replicasets', 'daemonsets', 'networkpolicies', 'controllerrevisions', 'secrets'];

const pathOf = (plural: string): string => {
  const resource = allResources.find((each) => each.plural === plural);
  return resource ? `${apiPathOf(resource)}/${plural}` : plural;
};

const none: Objects = Object.fromEntries(empty.map((plural) => [pathOf(plural), []]));

const system = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

const some = (cluster: ClusterSpec): Objects => ({
  [pathOf('nodes')]: cluster.nodes.map(({ name }, index) => ({
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: {},
    status: {
      addresses: [{ type: 'InternalIP', address: nodeAddress(cluster, index) }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  })),
  [pathOf('namespaces')]: system.map((name) => ({ metadata: { name }, status: { phase: 'Active' } })),
  [pathOf('serviceaccounts')]: system.map((namespace) => ({ metadata: { name: 'default', namespace } })),
  [pathOf('configmaps')]: system.map((namespace) => ({ metadata: { name: 'kube-root-ca.crt', namespace } })),
  [pathOf('services')]: [
    serviceOf('kubernetes', 'default', cidrAddress(cluster.serviceCidr, 1), [443]),
    serviceOf('kube-dns', 'kube-system', cluster.dnsAddress, [53, 53, 9153]),
  ],
});

const serviceOf = (name: string, namespace: string, clusterIP: string, ports: readonly number[]) => ({
  metadata: { name, namespace },
  spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports: ports.map((port) => ({ port })) },
  status: { loadBalancer: {} },
});
