// Creates the service account `default` in each namespace. Pods run as this account (pkg/controller/serviceaccount).
import { namespaces, serviceAccounts } from '../../api/resources.ts';
import { type Controller, nothing, watch } from './controller.ts';

export const serviceAccountController: Controller = {
  name: 'serviceaccount-controller',
  watches: [
    watch(namespaces, ({ metadata: { name } }) => [name]),
    watch(serviceAccounts, ({ metadata: { name, namespace = '' } }) => (name === 'default' ? [namespace] : [])),
  ],
  reconcile(name, world) {
    const namespace = world.get(namespaces, { name });
    if (!namespace || namespace.metadata.deletionTimestamp) return nothing;
    if (world.get(serviceAccounts, { name: 'default', namespace: name })) return nothing;
    const object = { metadata: { name: 'default', namespace: name } };
    return { writes: [{ verb: 'create', resource: serviceAccounts, object }] };
  },
};
