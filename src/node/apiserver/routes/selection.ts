// The objects of a list, a watch or a deletion: label and field selectors, and the name in the URL.
import type { KubeObject } from '../../../api/meta.ts';
import type { Target } from '../exchange/exchange.ts';
import { parseFieldSelector } from '../select/fields.ts';
import { parseLabelSelector } from '../select/labels.ts';

export type Matcher = (object: KubeObject) => boolean;

/** @throws StatusError 400 on a selector that can't be parsed */
export const matcherOf = ({ url, resource, info }: Target & { readonly url: URL }): Matcher => {
  const labels = parseLabelSelector(url.searchParams.get('labelSelector') ?? '');
  const selector = url.searchParams.get('fieldSelector') ?? '';
  const fields = parseFieldSelector(resource, info.served?.selectors?.(selector) ?? selector);
  return (object) =>
    (info.name === undefined || object.metadata.name === info.name) && labels(object.metadata.labels) && fields(object);
};
