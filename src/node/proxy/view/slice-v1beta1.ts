// Converts EndpointSlices of discovery.k8s.io/v1beta1, which Kubernetes 1.20 and older serve, to v1.

import type { Endpoint, EndpointSlice } from '../../../api/discovery.ts';
import { hostnameLabel, zoneLabel } from '../../../api/labels.ts';
import { endpointSlices, type Resource } from '../../../api/resources.ts';
import { listOf, recordOf } from './json.ts';

export const oldEndpointSlices: Resource<EndpointSlice> = { ...endpointSlices, version: 'v1beta1' };

/** In v1beta1, node and zone of an endpoint are entries of its topology map. */
export const fromOldSlice = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  endpoints: listOf(slice.endpoints).map((endpoint) => {
    const { topology, ...rest } = recordOf(endpoint);
    const entries = recordOf(topology);
    const nodeName = rest.nodeName ?? entries[hostnameLabel];
    const zone = rest.zone ?? entries[zoneLabel];
    const known = { ...(nodeName === undefined ? {} : { nodeName }), ...(zone === undefined ? {} : { zone }) };
    return { ...rest, ...known } as unknown as Endpoint;
  }),
});
