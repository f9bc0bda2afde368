// A watch event as a line of JSON, in the form that the client accepts. The plain form reuses the JSON of the log.
import type { ResourceExchange } from '../exchange/exchange.ts';
import { bodyShownAs, shownAs } from '../resources/versions.ts';
import { acceptedForm, includeOf, partialOf, tableOf } from '../table/table.ts';
import type { VisibleEvent } from './filter.ts';

export type WatchEncoder = (event: VisibleEvent) => string;

/** @throws StatusError 406 */
export const encoderFor = ({
  request,
  url,
  resource,
  info: { served },
}: Pick<ResourceExchange, 'request' | 'url' | 'resource' | 'info'>): WatchEncoder => {
  const form = acceptedForm(request.headers.accept);
  if (form === 'object' && served)
    return ({ type, object }) => `${JSON.stringify({ type, object: shownAs(served, object) })}\n`;
  if (form === 'object')
    return ({ type, object, json }) => `{"type":"${type}","object":${json ?? JSON.stringify(object)}}\n`;
  if (form !== 'Table') return ({ type, object }) => `${JSON.stringify({ type, object: partialOf(object) })}\n`;
  const include = includeOf(url);
  return ({ type, object }) => {
    const listMeta = { resourceVersion: object.metadata.resourceVersion };
    const table = tableOf(resource, [object], { listMeta, include });
    return `${JSON.stringify({ type, object: served ? bodyShownAs(served, table) : table })}\n`;
  };
};
