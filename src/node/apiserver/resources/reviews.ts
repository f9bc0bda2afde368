// The reviews that the API answers. Clients POST a review; the API answers it and stores nothing.

export interface Review {
  readonly group: string;
  readonly version: 'v1';
  readonly plural: string;
  readonly kind: string;
  readonly namespaced?: boolean;
}

export const selfSubjectAccessReviews: Review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
  kind: 'SelfSubjectAccessReview',
};

export const selfSubjectReviews: Review = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
};

export const selfSubjectRulesReviews: Review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectrulesreviews',
  kind: 'SelfSubjectRulesReview',
};

export const subjectAccessReviews: Review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
};

export const localSubjectAccessReviews: Review = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'localsubjectaccessreviews',
  kind: 'LocalSubjectAccessReview',
  namespaced: true,
};

export const tokenReviews: Review = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
};

export const allReviews: readonly Review[] = [
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  selfSubjectReviews,
  tokenReviews,
];
