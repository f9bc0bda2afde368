// Endpoints: the addresses behind a service in one object.
import type { Endpoints } from '../../../api/core.ts';
import { endpoints } from '../../../api/resources.ts';
import { type FieldError, invalidValue } from '../validation/field.ts';
import { ipProblem, isIpv4, loopbackProblem } from '../validation/values.ts';
import { ageOf, listWithMore, orNone } from './cells.ts';
import type { Definition } from './definition.ts';

const addressesOf = ({ subsets = [] }: Endpoints): string => {
  const items = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  return orNone(listWithMore(items));
};

const validateAddress = (ip: string | undefined, field: string): FieldError[] => {
  if (!isIpv4(ip ?? '')) return [invalidValue(field, ip, ipProblem)];
  return ip?.startsWith('127.') ? [invalidValue(field, ip, loopbackProblem)] : [];
};

export const endpointsDefinition: Definition<Endpoints> = {
  resource: endpoints,
  explanations: {
    'core.v1.Endpoints': { '': 'The addresses behind a service in one object: the older form of EndpointSlice.' },
  },
  columns: ['Name', 'Endpoints', 'Age'],
  cells: (object) => [object.metadata.name, addressesOf(object), ageOf(object.metadata.creationTimestamp)],
  setDefaults: ({ subsets = [] }) => {
    for (const port of subsets.flatMap(({ ports = [] }) => ports)) port.protocol ??= 'TCP';
  },
  validate: ({ subsets = [] }) =>
    subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
      [...addresses, ...notReadyAddresses].flatMap(({ ip }, at) =>
        validateAddress(ip, `subsets[${index}].addresses[${at}].ip`),
      ),
    ),
};
