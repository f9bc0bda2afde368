// Publishes the certificate authority of the API server as the ConfigMap kube-root-ca.crt in each namespace. Pods check
// the server's certificate with it (pkg/controller/certificates/rootcacertpublisher).
import { configMaps, namespaces } from '../../api/resources.ts';
import { type Controller, nothing, watch } from './controller.ts';
import { equal } from './equal.ts';
import { keyFor } from './writes.ts';

export const rootCaName = 'kube-root-ca.crt';

const annotations = {
  'kubernetes.io/description':
    'The authority that signed the certificate of the API server. Pods in the cluster check that certificate with it.',
};

/** @param rootCa PEM */
export const createRootCaPublisher = (rootCa: string): Controller => ({
  name: 'root-ca-certificate-publisher-controller',
  watches: [
    watch(namespaces, ({ metadata: { name } }) => [name]),
    watch(configMaps, ({ metadata: { name, namespace = '' } }) => (name === rootCaName ? [namespace] : [])),
  ],
  reconcile(name, world) {
    const namespace = world.get(namespaces, { name });
    if (!namespace || namespace.metadata.deletionTimestamp) return nothing;
    const metadata = { name: rootCaName, namespace: name, annotations };
    const data = { 'ca.crt': rootCa };
    const current = world.get(configMaps, metadata);
    if (!current) return { writes: [{ verb: 'create', resource: configMaps, object: { metadata, data } as never }] };
    if (equal(current.data, data) && current.metadata.annotations?.['kubernetes.io/description']) return nothing;
    // A ConfigMap that somebody made immutable can only be deleted. The deletion then creates a new one.
    if (current.immutable) return { writes: [{ verb: 'delete', resource: configMaps, key: keyFor(current) }] };
    const object = { ...current, metadata: { ...current.metadata, annotations }, data };
    return { writes: [{ verb: 'update', resource: configMaps, object }] };
  },
});
