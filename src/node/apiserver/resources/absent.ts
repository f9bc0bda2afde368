// Kubernetes' resources that labs does not serve, but whose list clients ask for without looking at discovery first.
import type { Resource } from '../../../api/resources.ts';

export type AbsentResource = Pick<Resource, 'group' | 'version' | 'plural' | 'kind'>;

/** No such object can exist in a lab, so a list is empty. All other requests for them are answered with 404. */
export const absentResources: readonly AbsentResource[] = [
  // `kubectl cluster-info dump` stops without this list.
  { group: '', version: 'v1', plural: 'replicationcontrollers', kind: 'ReplicationController' },
  // An old kubectl looks here for each kind that OpenAPI v2 does not have.
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
  },
];
