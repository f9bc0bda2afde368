// EndpointSlices: some of the endpoints of a service. kube-proxy reads them.
import type { EndpointSlice } from '../../../api/discovery.ts';
import { endpointSlices } from '../../../api/resources.ts';
import { ageOf, listWithMore } from './cells.ts';
import type { Definition } from './definition.ts';
import { validateSlice, validateSliceUpdate } from './endpointslices-validate.ts';

const portsOf = ({ ports }: EndpointSlice): string => {
  if (!ports?.length) return '<unset>';
  return listWithMore(ports.map(({ port, name }) => (port === undefined ? name || '*' : String(port))));
};

const addressesOf = ({ endpoints }: EndpointSlice): string => {
  const addresses = (endpoints ?? []).flatMap(({ addresses }) => addresses);
  return addresses.length === 0 ? '<unset>' : listWithMore(addresses);
};

export const endpointSliceDefinition: Definition<EndpointSlice> = {
  resource: endpointSlices,
  explanations: {
    'discovery.v1.EndpointSlice': {
      '': 'Some of the endpoints of a service. Every kube-proxy reads them to write its rules.',
    },
    'discovery.v1.EndpointConditions': {
      ready: 'The endpoint takes new connections.',
      serving: 'The endpoint answers, even if it is about to end.',
      terminating: 'The endpoint is being deleted.',
    },
  },
  columns: ['Name', 'AddressType', 'Ports', 'Endpoints', 'Age'],
  cells: (slice) => [
    slice.metadata.name,
    slice.addressType,
    portsOf(slice),
    addressesOf(slice),
    ageOf(slice.metadata.creationTimestamp),
  ],
  setDefaults: (slice) => {
    slice.endpoints ??= [];
    // As in Kubernetes, v1 has this field for reading only.
    for (const endpoint of slice.endpoints) Reflect.deleteProperty(endpoint, 'deprecatedTopology');
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: validateSlice,
  validateUpdate: validateSliceUpdate,
  countsGenerations: true,
};
