// Who may: cluster administrators and the cluster's own components everything, others what RBAC's defaults leave them.

import type { ResourceRequest } from '../routes/info.ts';
import { StatusError } from '../status.ts';
import type { User } from './authenticate.ts';

/** What is asked for, as an access review names it. */
export type Attributes =
  | {
      readonly verb: string;
      readonly group: string;
      readonly plural: string;
      readonly subresource?: string | undefined;
      readonly namespace?: string | undefined;
      readonly name?: string | undefined;
    }
  | { readonly verb: string; readonly path: string };

const trustedGroups = new Set(['system:masters', 'system:nodes']);
const trustedUsers = new Set(['system:podnet', 'system:cluster-dns']);
/** Readable by anybody (RBAC's system:public-info-viewer). */
const publicPaths = /^\/(healthz|livez|readyz|version)(\/|$)/;
/** Readable by whoever proves an identity (RBAC's system:discovery). */
const discoveryPaths = /^\/(api|apis|openapi)(\/|$)/;
/** Whoever proves an identity may ask what it may do (RBAC's system:basic-user). */
const reviews = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews']);

export const isAllowed = (user: User, attributes: Attributes): boolean => {
  if (user.groups.some((group) => trustedGroups.has(group)) || trustedUsers.has(user.name)) return true;
  if (user.name.startsWith('system:kube-')) return true;
  const known = user.groups.includes('system:authenticated');
  if ('path' in attributes) {
    const reads = attributes.verb === 'get';
    return reads && (publicPaths.test(attributes.path) || (known && discoveryPaths.test(attributes.path)));
  }
  return known && attributes.verb === 'create' && reviews.has(attributes.plural);
};

/** @throws StatusError 403, worded as Kubernetes words it */
export const authorizeResource = (user: User, request: ResourceRequest): void => {
  if (isAllowed(user, request)) return;
  const { verb, group, plural, subresource, namespace, name } = request;
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const qualifiedName = group === '' ? plural : `${plural}.${group}`;
  const message =
    `${qualifiedName}${name === undefined ? '' : ` "${name}"`} is forbidden: ` +
    `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${scope}`;
  const details = { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural };
  throw new StatusError(403, 'Forbidden', message, details);
};

/** @throws StatusError 403 */
export const authorizePath = (user: User, method: string, path: string): void => {
  const verb = method === 'GET' || method === 'HEAD' ? 'get' : method.toLowerCase();
  if (isAllowed(user, { verb, path })) return;
  throw new StatusError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
};
