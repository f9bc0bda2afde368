// Who may do what. Administrators and components may do everything, other users what RBAC's defaults allow.

import type { ResourceRequest } from '../exchange/info.ts';
import type { User } from '../exchange/user.ts';
import { detailsOf, qualified, StatusError } from '../status.ts';

/** What a user wants to do, as an access review names it. */
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
const trustedUsers = new Set(['system:podnet', 'system:lb-speaker', 'system:cluster-dns']);
/** Everybody may read these (RBAC's system:public-info-viewer). */
const publicPaths = /^\/(healthz|livez|readyz|version)(\/|$)/;
/** Authenticated users may read these (RBAC's system:discovery). */
const discoveryPaths = /^\/(api|apis|openapi)(\/|$)/;
/** Service accounts may read these (RBAC's system:service-account-issuer-discovery). */
const issuerPaths = new Set(['/.well-known/openid-configuration', '/openid/v1/jwks']);
/** Authenticated users may create these, to ask what they may do (RBAC's system:basic-user). */
const reviews = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews']);

/** May do everything. */
export const isTrusted = ({ name, groups }: User): boolean =>
  groups.some((group) => trustedGroups.has(group)) || trustedUsers.has(name) || name.startsWith('system:kube-');

/** Only these approve requests for certificates: a component that could would give itself any name. */
const approvers = 'system:masters';

const isApproval = (attributes: Attributes): boolean =>
  'plural' in attributes &&
  attributes.plural === 'certificatesigningrequests' &&
  attributes.subresource === 'approval' &&
  attributes.verb !== 'get';

export const isAllowed = (user: User, attributes: Attributes): boolean => {
  if (isApproval(attributes)) return user.groups.includes(approvers);
  if (isTrusted(user)) return true;
  const authenticated = user.groups.includes('system:authenticated');
  if ('path' in attributes) {
    if (attributes.verb !== 'get') return false;
    if (publicPaths.test(attributes.path) || (authenticated && discoveryPaths.test(attributes.path))) return true;
    return user.groups.includes('system:serviceaccounts') && issuerPaths.has(attributes.path);
  }
  return authenticated && attributes.verb === 'create' && reviews.has(attributes.plural);
};

/** @throws StatusError 403 in Kubernetes' words */
export const authorizeResource = (user: User, request: ResourceRequest): void => {
  if (isAllowed(user, request)) return;
  const { verb, group, plural, subresource, namespace, name } = request;
  const what = subresource === undefined ? plural : `${plural}/${subresource}`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message =
    `${qualified(request)}${name === undefined ? '' : ` "${name}"`} is forbidden: ` +
    `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${scope}`;
  throw new StatusError(403, 'Forbidden', message, detailsOf(request, name));
};

/** @throws StatusError 403 */
export const authorizePath = (user: User, method: string, path: string): void => {
  const verb = method === 'GET' || method === 'HEAD' ? 'get' : method.toLowerCase();
  if (isAllowed(user, { verb, path })) return;
  throw new StatusError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
};

/** The user's rules, as a SelfSubjectRulesReview shows them. */
export const rulesOf = (user: User) => {
  if (isTrusted(user))
    return {
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    };
  const authenticated = user.groups.includes('system:authenticated');
  const healthPaths = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
  const apiPaths = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*'];
  const ofAccounts = user.groups.includes('system:serviceaccounts') ? [...issuerPaths] : [];
  return {
    resourceRules: authenticated
      ? [
          {
            verbs: ['create'],
            apiGroups: ['authorization.k8s.io'],
            resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
          },
          { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
        ]
      : [],
    nonResourceRules: [
      { verbs: ['get'], nonResourceURLs: [...healthPaths, ...(authenticated ? apiPaths : []), ...ofAccounts] },
    ],
  };
};
