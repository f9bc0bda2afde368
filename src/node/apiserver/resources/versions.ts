// Further versions of stored resources: the API server stores each object once and converts it for the client.
import { hostnameLabel, zoneLabel } from '../../../api/labels.ts';
import type { KubeObject } from '../../../api/meta.ts';
import {
  apiVersionOf,
  endpointSlices,
  events,
  ipAddresses,
  type Resource,
  serviceCidrs,
} from '../../../api/resources.ts';
import type { Fields } from '../schema/record.ts';
import { type FieldError, required } from '../validation/field.ts';
import { eventFromStored, eventToStored } from './events-convert.ts';

/** A version, or another group, of a stored resource. */
export interface ServedVersion {
  /** As clients name it in URLs and bodies. */
  readonly resource: Resource;
  readonly stored: Resource;
  /** Both leave apiVersion and kind to their callers. */
  readonly fromStored: (object: Fields) => Fields;
  readonly toStored: (object: Fields) => Fields;
  /** The problems of a new object in this version. The stored resource's validation follows. */
  readonly validateNew?: (object: Fields) => FieldError[];
  /** The stored fields of selectors that name fields of this version. */
  readonly selectors?: (fieldSelector: string) => string;
}

const slicesV1beta1: ServedVersion = {
  resource: { ...endpointSlices, version: 'v1beta1' },
  stored: endpointSlices,
  fromStored: (slice) => ({ ...slice, endpoints: endpointsOf(slice).map(withTopology) }),
  toStored: (slice) => ({ ...slice, endpoints: endpointsOf(slice).map(withZone) }),
};

const endpointsOf = ({ endpoints }: Fields): Fields[] => (Array.isArray(endpoints) ? endpoints : []);

/** In v1beta1, zone and node stand in a map. */
const withTopology = ({ zone, deprecatedTopology = {}, ...endpoint }: Fields): Fields => {
  const { nodeName } = endpoint;
  const topology = {
    ...(nodeName === undefined ? {} : { [hostnameLabel]: nodeName }),
    ...(deprecatedTopology as Fields),
    ...(zone === undefined ? {} : { [zoneLabel]: zone }),
  };
  return Object.keys(topology).length === 0 ? endpoint : { ...endpoint, topology };
};

const withZone = ({ topology = {}, ...endpoint }: Fields): Fields => {
  const { [zoneLabel]: zone, [hostnameLabel]: host, ...others } = topology as Fields;
  const rest = { ...(host === undefined || host === endpoint.nodeName ? {} : { [hostnameLabel]: host }), ...others };
  return {
    ...endpoint,
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(rest).length === 0 ? {} : { deprecatedTopology: rest }),
  };
};

/** Old clients leave these fields out in v1, where they are optional. */
const needed = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'];

const eventsV1: ServedVersion = {
  resource: { ...events, group: 'events.k8s.io' },
  stored: events,
  fromStored: eventFromStored,
  toStored: eventToStored,
  validateNew: (event) => needed.filter((field) => !event[field]).map((field) => required(field)),
  selectors: (text) =>
    text
      .replaceAll(/(^|,)regarding\./g, '$1involvedObject.')
      .replaceAll(/(^|,)reportingController/g, '$1reportingComponent'),
};

/** kubectl 1.32 describes these in v1beta1, which has the same fields. */
const sameAs = (stored: Resource): ServedVersion => ({
  resource: { ...stored, version: 'v1beta1' },
  stored,
  fromStored: (object) => object,
  toStored: (object) => object,
});

export const servedVersions: readonly ServedVersion[] = [
  slicesV1beta1,
  eventsV1,
  sameAs(serviceCidrs),
  sameAs(ipAddresses),
];

/** A stored object as the client sees it. */
export const shownAs = (served: ServedVersion | undefined, object: KubeObject): KubeObject => {
  if (!served) return object;
  const converted = served.fromStored(object as unknown as Fields) as unknown as KubeObject;
  return { ...converted, apiVersion: apiVersionOf(served.resource), kind: served.resource.kind };
};

/** The body of an answer about stored objects, as the client sees it: an object, a list or a table. */
export const bodyShownAs = (served: ServedVersion, body: unknown): unknown => {
  const { kind, items, rows } = (body ?? {}) as {
    kind?: string;
    items?: KubeObject[];
    rows?: { object?: KubeObject }[];
  };
  if (kind === served.stored.kind) return shownAs(served, body as KubeObject);
  if (kind === `${served.stored.kind}List` && items) {
    const shown = items.map((item) => served.fromStored(item as unknown as Fields));
    return { ...(body as object), apiVersion: apiVersionOf(served.resource), items: shown };
  }
  if (kind !== 'Table' || !rows) return body;
  const convert = (object: KubeObject): KubeObject =>
    object.kind === served.stored.kind ? shownAs(served, object) : object;
  return {
    ...(body as object),
    rows: rows.map((row) => (row.object ? { ...row, object: convert(row.object) } : row)),
  };
};
