// Namespaces: each gets a service account at creation, and is removed when the namespace controller has emptied it.
import type { Namespace, ServiceAccount } from '../../../api/core.ts';
import { namespaces, serviceAccounts } from '../../../api/resources.ts';
import { explainAudits, warnOfPods } from '../pod-security/admit.ts';
import { policyProblems } from '../pod-security/policy.ts';
import { labelProblems } from '../validation/names.ts';
import { ageOf } from './cells.ts';
import type { Definition } from './definition.ts';

/** Every cluster has these namespaces. Nobody may delete them. */
export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Pods run as their namespace's account `default`, so each namespace has one from the start. */
export const defaultAccount = (namespace: string): ServiceAccount => ({ metadata: { name: 'default', namespace } });

export const namespaceDefinition: Definition<Namespace> = {
  resource: namespaces,
  subresources: ['status', 'finalize'],
  fieldSelectors: ['status.phase'],
  explanations: {
    'core.v1.Namespace': { '': 'A scope for names: objects in different namespaces may have the same name.' },
  },
  columns: ['Name', 'Status', 'Age'],
  cells: ({ metadata, status }) => [metadata.name, status?.phase ?? '', ageOf(metadata.creationTimestamp)],
  nameProblems: labelProblems,
  setDefaults: ({ metadata }) => {
    metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  },
  prepareCreate: (namespace) => {
    namespace.spec = { finalizers: ['kubernetes'] };
    namespace.status = { phase: 'Active' };
  },
  prepareUpdate: (next, current) => {
    if (current.spec) next.spec = current.spec;
  },
  afterCreate: ({ metadata }, { create }) => create(serviceAccounts, defaultAccount(metadata.name)),
  admit: (next, current, context) => {
    explainAudits(next, current, context.warn);
    if (current) warnOfPods(next, current, context);
  },
  validate: ({ metadata }) => policyProblems(metadata.labels),
  refuseDelete: ({ metadata }) =>
    systemNamespaces.includes(metadata.name) ? 'this namespace may not be deleted' : undefined,
  prepareDelete: (namespace) => {
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
};
