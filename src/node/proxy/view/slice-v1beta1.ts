// EndpointSlices as Kubernetes 1.20 and older serve them (discovery.k8s.io/v1beta1), brought into the form of v1.
import type { Endpoint, EndpointSlice } from '../../../api/discovery.ts';
import { endpointSlices, type Resource } from '../../../api/resources.ts';

interface OldEndpoint extends Endpoint {
  topology?: Record<string, string>;
}

export const oldEndpointSlices: Resource<EndpointSlice> = { ...endpointSlices, version: 'v1beta1' };

/** There, an endpoint's node and zone were two entries of its topology. */
export const fromOldSlice = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  endpoints: (slice.endpoints ?? []).map((endpoint: OldEndpoint) => {
    const { topology = {}, ...rest } = endpoint;
    const nodeName = rest.nodeName ?? topology['kubernetes.io/hostname'];
    const zone = rest.zone ?? topology['topology.kubernetes.io/zone'];
    return { ...rest, ...(nodeName === undefined ? {} : { nodeName }), ...(zone === undefined ? {} : { zone }) };
  }),
});
