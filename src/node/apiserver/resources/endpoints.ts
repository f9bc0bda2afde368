// Endpoints: the addresses behind a service in one object.
import type { Endpoints } from '../../../api/core.ts';
import { endpoints } from '../../../api/resources.ts';
import { ageOf, listWithMore, orNone } from './cells.ts';
import type { Definition } from './definition.ts';
import { validateEndpoints } from './endpoints-validate.ts';

const addressesOf = ({ subsets = [] }: Endpoints): string => {
  const items = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  return orNone(listWithMore(items));
};

export const endpointsDefinition: Definition<Endpoints> = {
  resource: endpoints,
  explanations: {
    'core.v1.Endpoints': { '': 'The addresses behind a service in one object: the older form of EndpointSlice.' },
  },
  columns: ['Name', 'Endpoints', 'Age'],
  cells: (object) => [object.metadata.name, addressesOf(object), ageOf(object.metadata.creationTimestamp)],
  setDefaults: ({ subsets = [] }) => {
    for (const port of subsets.flatMap(({ ports = [] }) => ports)) port.protocol ||= 'TCP';
  },
  validate: validateEndpoints,
};
