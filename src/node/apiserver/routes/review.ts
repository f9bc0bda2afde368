// `kubectl auth can-i` and `kubectl auth whoami`: asked by POST, answered from the authorizer, never stored.
import { isAllowed } from '../auth/authorize.ts';
import { isRecord } from '../patch/merge.ts';
import { readDocument } from './decode.ts';
import type { Exchange, Handler } from './request.ts';

type Review = Handler<Exchange>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const selfSubjectAccess: Review = async ({ request, user }) => {
  const body = await readDocument(request);
  const spec = isRecord(body) && isRecord(body.spec) ? body.spec : {};
  const resource = isRecord(spec.resourceAttributes) ? spec.resourceAttributes : undefined;
  const path = isRecord(spec.nonResourceAttributes) ? spec.nonResourceAttributes : {};
  const attributes = resource
    ? {
        verb: text(resource.verb),
        group: text(resource.group),
        plural: text(resource.resource),
        subresource: text(resource.subresource),
      }
    : { verb: text(path.verb), path: text(path.path) };
  const status = { allowed: isAllowed(user, attributes) };
  return {
    code: 201,
    body: { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, spec, status },
  };
};

const selfSubject: Review = ({ user }) => ({
  code: 201,
  body: {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    status: { userInfo: { username: user.name, groups: user.groups } },
  },
});

/** By path. Discovery lists them too. */
export const reviews: Readonly<Record<string, Review>> = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': selfSubjectAccess,
  '/apis/authentication.k8s.io/v1/selfsubjectreviews': selfSubject,
};
