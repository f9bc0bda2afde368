// `kubectl auth can-i` and `kubectl auth whoami`: POSTed reviews, answered by the authorizer and never stored.
import { apiPathOf, apiVersionOf } from '../../../api/resources.ts';
import { isAllowed } from '../auth/authorize.ts';
import { created, type Exchange, type Handler } from '../exchange/exchange.ts';
import { type Review, selfSubjectAccessReviews, selfSubjectReviews } from '../resources/reviews.ts';
import { isRecord } from '../schema/record.ts';
import { readDocument } from './body.ts';

type ReviewHandler = Handler<Pick<Exchange, 'request' | 'user'>>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const answer = (review: Review, parts: object) =>
  created({ kind: review.kind, apiVersion: apiVersionOf(review), metadata: {}, ...parts });

const selfSubjectAccess: ReviewHandler = async ({ request, user }) => {
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
  return answer(selfSubjectAccessReviews, { spec, status: { allowed: isAllowed(user, attributes) } });
};

const selfSubject: ReviewHandler = ({ user }) =>
  answer(selfSubjectReviews, { status: { userInfo: { username: user.name, groups: user.groups } } });

const pathOf = (review: Review): string => `${apiPathOf(review)}/${review.plural}`;

/** By path. */
export const reviewHandlers: ReadonlyMap<string, ReviewHandler> = new Map([
  [pathOf(selfSubjectAccessReviews), selfSubjectAccess],
  [pathOf(selfSubjectReviews), selfSubject],
]);
