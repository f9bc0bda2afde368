// The fields of types that the API serves and never stores: scales, bindings, evictions, tokens and reviews.

import { typeOf } from '../../../api/field-types.ts';
import { allReviews } from '../resources/reviews.ts';
import { subresources } from '../resources/subresources.ts';
import { type FieldTable, honoured, refused, statusOnly } from './support.ts';

/** The types of these bodies, beside those of stored objects. */
export const unstoredTypes: readonly string[] = [
  typeOf(subresources.scale),
  typeOf(subresources.eviction),
  typeOf(subresources.token),
  typeOf({ group: '', version: 'v1', kind: subresources.binding.kind }),
  ...allReviews.map(typeOf),
];

const object = {
  ...honoured('apiserver/routes/decode.ts', 'kind apiVersion metadata'),
};
const review = 'apiserver/routes/review.ts';
const access: FieldTable = {
  'authorization.v1.SubjectAccessReviewSpec': {
    ...honoured(review, 'resourceAttributes nonResourceAttributes user groups'),
    ...statusOnly('extra uid'),
  },
  'authorization.v1.SelfSubjectAccessReviewSpec': honoured(review, 'resourceAttributes nonResourceAttributes'),
  'authorization.v1.SelfSubjectRulesReviewSpec': honoured(review, 'namespace'),
  'authorization.v1.NonResourceAttributes': honoured(review, 'path verb'),
  // Nobody may do something to one name or version only, so the answer does not depend on them.
  'authorization.v1.ResourceAttributes': {
    ...honoured(review, 'namespace verb group resource subresource'),
    ...statusOnly('version name fieldSelector labelSelector'),
  },
};

const reviews = Object.fromEntries(
  allReviews.map(({ kind, ...rest }) => {
    const status = statusOnly('status');
    const spec = kind === 'SelfSubjectReview' ? {} : honoured(review, 'spec');
    return [typeOf({ kind, ...rest }), { ...object, ...spec, ...status }];
  }),
);

const remove = 'apiserver/routes/delete.ts';

export const unstoredFields: FieldTable = {
  ...reviews,
  ...access,
  'authentication.v1.TokenReviewSpec': honoured(review, 'token audiences'),
  'authentication.v1.TokenRequest': {
    ...object,
    ...honoured('apiserver/routes/token.ts', 'spec'),
    ...statusOnly('status'),
  },
  'authentication.v1.TokenRequestSpec': honoured(
    'apiserver/routes/token.ts',
    'audiences expirationSeconds boundObjectRef',
  ),
  'authentication.v1.BoundObjectReference': honoured('apiserver/routes/token.ts', 'kind apiVersion name uid'),
  'autoscaling.v1.Scale': { ...object, ...honoured('apiserver/routes/scale.ts', 'spec'), ...statusOnly('status') },
  'autoscaling.v1.ScaleSpec': honoured('apiserver/routes/scale.ts', 'replicas'),
  'core.v1.Binding': { ...object, ...honoured('apiserver/routes/binding.ts', 'target') },
  'policy.v1.Eviction': { ...object, ...honoured(remove, 'deleteOptions') },
  'meta.v1.DeleteOptions': {
    ...statusOnly('kind apiVersion'),
    ...honoured(remove, 'gracePeriodSeconds preconditions orphanDependents propagationPolicy dryRun'),
    ...refused('ignoreStoreReadErrorWithClusterBreakingPotential', 'labs can read all data that it stores', [false]),
  },
  'meta.v1.Preconditions': honoured('apiserver/admission/delete.ts', 'uid resourceVersion'),
};
