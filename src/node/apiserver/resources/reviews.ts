// The reviews that the API answers. Clients POST a review; the API answers it and stores nothing.

export interface Review {
  readonly group: string;
  readonly version: 'v1';
  readonly plural: string;
  readonly kind: string;
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

export const allReviews: readonly Review[] = [selfSubjectAccessReviews, selfSubjectReviews];
