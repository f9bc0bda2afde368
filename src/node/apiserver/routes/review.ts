// `kubectl auth can-i` and `kubectl auth whoami`, and the reviews of tokens: POSTed, answered, and never stored.
import { apiVersionOf } from '../../../api/resources.ts';
import { type Attributes, isAllowed, rulesOf } from '../auth/authorize.ts';
import { checkToken, TokenError } from '../auth/tokens.ts';
import { type Answer, type Api, created, type Exchange } from '../exchange/exchange.ts';
import type { ResourceRequest } from '../exchange/info.ts';
import type { User } from '../exchange/user.ts';
import {
  localSubjectAccessReviews,
  type Review,
  selfSubjectAccessReviews,
  selfSubjectReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  tokenReviews,
} from '../resources/reviews.ts';
import { type Fields, isRecord } from '../schema/record.ts';
import { badRequest, invalid } from '../status.ts';
import { invalidValue, required } from '../validation/field.ts';
import { readDocument } from './body.ts';
import { toObject } from './decode.ts';

type ReviewExchange = Pick<Exchange, 'request' | 'response' | 'url' | 'user'> & {
  readonly api: Pick<Api, 'store' | 'tokens'>;
};
type ReviewHandler = (exchange: ReviewExchange, info: ResourceRequest) => Promise<Answer> | Answer;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

const answer = (review: Review, parts: object): Answer =>
  created({ kind: review.kind, apiVersion: apiVersionOf(review), metadata: { creationTimestamp: null }, ...parts });

const readSpec = async (review: Review, exchange: ReviewExchange, info: ResourceRequest): Promise<Fields> => {
  const body = await readDocument(exchange.request);
  if (!isRecord(body)) throw badRequest("Object 'Kind' is missing in the body");
  const { spec } = toObject({ ...exchange, info }, review, body) as { spec?: unknown };
  return isRecord(spec) ? spec : {};
};

/** @throws StatusError 422 unless the spec has exactly one of both kinds of attributes */
const attributesOf = (review: Review, spec: Fields): Attributes => {
  const resource = isRecord(spec.resourceAttributes) ? spec.resourceAttributes : undefined;
  const path = isRecord(spec.nonResourceAttributes) ? spec.nonResourceAttributes : undefined;
  if (resource && path) {
    const problem = 'cannot be specified in combination with resourceAttributes';
    throw invalid(review, '', [invalidValue('spec.nonResourceAttributes', path, problem)]);
  }
  if (path) return { verb: text(path.verb), path: text(path.path) };
  if (!resource) {
    const problem = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw invalid(review, '', [invalidValue('spec.resourceAttributes', null, problem)]);
  }
  return {
    verb: text(resource.verb),
    group: text(resource.group),
    plural: text(resource.resource),
    subresource: text(resource.subresource),
    namespace: text(resource.namespace),
  };
};

const selfSubjectAccess: ReviewHandler = async (exchange, info) => {
  const spec = await readSpec(selfSubjectAccessReviews, exchange, info);
  const allowed = isAllowed(exchange.user, attributesOf(selfSubjectAccessReviews, spec));
  return answer(selfSubjectAccessReviews, { spec, status: { allowed } });
};

const subjectAccess =
  (review: Review): ReviewHandler =>
  async (exchange, info) => {
    const { namespace } = info;
    const spec = await readSpec(review, exchange, info);
    const attributes = attributesOf(review, spec);
    const user: User = { name: text(spec.user), groups: texts(spec.groups) };
    if (user.name === '' && user.groups.length === 0)
      throw invalid(review, '', [required('spec.user', 'at least one of user or group must be specified')]);
    if (review.namespaced && (!('namespace' in attributes) || attributes.namespace !== namespace))
      throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
    return answer(review, { spec, status: { allowed: isAllowed(user, attributes) } });
  };

const selfSubjectRules: ReviewHandler = async (exchange, info) => {
  const spec = await readSpec(selfSubjectRulesReviews, exchange, info);
  if (text(spec.namespace) === '') throw badRequest('no namespace on request');
  return answer(selfSubjectRulesReviews, { spec, status: { ...rulesOf(exchange.user), incomplete: false } });
};

const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
  ...(extra === undefined ? {} : { extra }),
});

const selfSubject: ReviewHandler = ({ user }) => answer(selfSubjectReviews, { status: { userInfo: userInfo(user) } });

const tokenReview: ReviewHandler = async (exchange, info) => {
  const { store, tokens } = exchange.api;
  const spec = await readSpec(tokenReviews, exchange, info);
  const token = text(spec.token);
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const given = texts(spec.audiences);
  const status = async (): Promise<object> => {
    try {
      const checked = await checkToken(tokens, store, token, given.length > 0 ? given : tokens.audiences);
      if (!checked) return { user: {}, error: 'invalid bearer token' };
      return { authenticated: true, user: userInfo(checked.user), audiences: checked.audiences };
    } catch (error) {
      if (error instanceof TokenError) return { user: {}, error: `[invalid bearer token, ${error.message}]` };
      throw error;
    }
  };
  return answer(tokenReviews, { spec, status: await status() });
};

const keyOf = ({ group, plural }: Pick<Review, 'group' | 'plural'>): string => `${plural}.${group}`;

const handlers: ReadonlyMap<string, ReviewHandler> = new Map([
  [keyOf(selfSubjectAccessReviews), selfSubjectAccess],
  [keyOf(selfSubjectRulesReviews), selfSubjectRules],
  [keyOf(subjectAccessReviews), subjectAccess(subjectAccessReviews)],
  [keyOf(localSubjectAccessReviews), subjectAccess(localSubjectAccessReviews)],
  [keyOf(selfSubjectReviews), selfSubject],
  [keyOf(tokenReviews), tokenReview],
]);

/** The handler of a POST to the collection of a review. Undefined for any other request. */
export const reviewOf = (
  info: ResourceRequest,
): ((exchange: ReviewExchange) => Promise<Answer> | Answer) | undefined => {
  const handler = info.name === undefined ? handlers.get(keyOf(info)) : undefined;
  return handler && ((exchange) => handler(exchange, info));
};
