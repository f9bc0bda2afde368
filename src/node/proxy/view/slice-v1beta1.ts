// Converts EndpointSlices of discovery.k8s.io/v1beta1, which Kubernetes 1.20 and older serve, to v1.
import type { Endpoint, EndpointSlice } from '../../../api/discovery.ts';
import { endpointSlices, type Resource } from '../../../api/resources.ts';

interface OldEndpoint extends Endpoint {
  topology?: Record<string, string>;
}

export const oldEndpointSlices: Resource<EndpointSlice> = { ...endpointSlices, version: 'v1beta1' };

/** In v1beta1, node and zone of an endpoint are entries of its topology map. */
export const fromOldSlice = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  endpoints: (slice.endpoints ?? []).map((endpoint: OldEndpoint) => {
    const { topology = {}, ...rest } = endpoint;
    const nodeName = rest.nodeName ?? topology['kubernetes.io/hostname'];
    const zone = rest.zone ?? topology['topology.kubernetes.io/zone'];
    return { ...rest, ...(nodeName === undefined ? {} : { nodeName }), ...(zone === undefined ? {} : { zone }) };
  }),
});
