// Builds the URL path of a resource or an object of the Kubernetes API.
import { apiPathOf, type Resource } from '../../api/resources.ts';
import type { Key, Selection } from './types.ts';

/** `/api/v1/namespaces/default/pods`. Without a namespace, the collection of all namespaces. */
export const collectionPath = (resource: Resource, namespace?: string): string => {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${apiPathOf(resource)}${scope}/${resource.plural}`;
};

/** `/api/v1/namespaces/default/pods/web/status` */
export const objectPath = (resource: Resource, { name, namespace }: Key, subresource?: string): string =>
  `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}${subresource === undefined ? '' : `/${subresource}`}`;

/** `?a=b&c=d`, or an empty text. Undefined values are left out. */
export const queryOf = (values: Record<string, string | number | boolean | undefined>): string => {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? '' : `?${query}`;
};

export const selectionQuery = ({ labelSelector, fieldSelector }: Selection): Record<string, string | undefined> => ({
  labelSelector,
  fieldSelector,
});
