// The form of an answer that the client accepts: the object, a table with kubectl's columns, or only the metadata.
import type { KubeObject } from '../../../api/meta.ts';
import type { Resource } from '../../../api/resources.ts';
import { metaVersion } from '../../../api/version.ts';
import type { ResourceExchange } from '../exchange/exchange.ts';
import { definitionOf } from '../resources/all.ts';
import { notAcceptable } from '../status.ts';

export type Form = 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

const formatted = new Set<string>(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** The first form in the client's Accept header that this server supports. @throws StatusError 406 */
export const acceptedForm = (accept: string | undefined): Form => {
  if (!accept) return 'object';
  for (const alternative of accept.split(',')) {
    const [type = '', ...parameters] = alternative.split(';').map((part) => part.trim());
    if (!['application/json', '*/*', 'application/*'].includes(type)) continue;
    const values = new Map(parameters.map((parameter) => parameter.split('=') as [string, string]));
    const as = values.get('as');
    if (as === undefined) return 'object';
    if (formatted.has(as) && values.get('v') === 'v1' && values.get('g') === 'meta.k8s.io') return as as Form;
  }
  throw notAcceptable(['application/json']);
};

export interface Encodable {
  readonly objects: readonly KubeObject[];
  /** The answer in the form `object`. */
  readonly list: unknown;
}

/** A list, or one object, in the form that the client accepts. */
export const encodeObjects = (
  exchange: Pick<ResourceExchange, 'request' | 'resource' | 'url'>,
  { objects, list }: Encodable,
): unknown => {
  const form = acceptedForm(exchange.request.headers.accept);
  if (form === 'object') return list;
  const metadata = (list as { metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number } })
    .metadata;
  const { resourceVersion, continue: token, remainingItemCount } = metadata ?? {};
  const listMeta = { resourceVersion, continue: token, remainingItemCount };
  if (form === 'Table') return tableOf(exchange.resource, objects, { listMeta, include: includeOf(exchange.url) });
  if (form === 'PartialObjectMetadata') return partialOf(objects[0] as KubeObject);
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: metaVersion,
    metadata: listMeta,
    items: objects.map(partialOf),
  };
};

export type Include = 'None' | 'Metadata' | 'Object';

export const includeOf = (url: URL): Include => {
  const value = url.searchParams.get('includeObject');
  return value === 'None' || value === 'Object' ? value : 'Metadata';
};

export const tableOf = (
  resource: Resource,
  objects: readonly KubeObject[],
  { listMeta, include }: { readonly listMeta: object; readonly include: Include },
) => {
  const { columns, cells } = definitionOf(resource);
  return {
    kind: 'Table',
    apiVersion: metaVersion,
    metadata: listMeta,
    columnDefinitions: columns.map(columnDefinition),
    rows: objects.map((object) => ({
      cells: cells(object),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partialOf(object) }),
    })),
  };
};

const columnDefinition = (column: string) => {
  const wide = column.startsWith('?');
  const name = wide ? column.slice(1) : column;
  return {
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: name,
    priority: wide ? 1 : 0,
  };
};

export const partialOf = ({ metadata }: KubeObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: metaVersion,
  metadata,
});
