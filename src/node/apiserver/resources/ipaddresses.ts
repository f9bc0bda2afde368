// IPAddresses: the service addresses that are in use. allocation/ip-addresses.ts keeps one for each service.
import { isDeepStrictEqual } from 'node:util';
import { readIp } from '../../../api/ip.ts';
import type { IPAddress } from '../../../api/networking.ts';
import { ipAddresses } from '../../../api/resources.ts';
import { type FieldError, invalidValue, required } from '../validation/field.ts';
import { immutableProblem } from '../validation/values.ts';
import { ageOf, orNone } from './cells.ts';
import type { Definition } from './definition.ts';

const nameProblems = (name: string): string[] => {
  const address = readIp(name);
  if (!address) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
  return address.text === name ? [] : [`must be in canonical form ("${address.text}")`];
};

const validateParent = ({ spec }: IPAddress): FieldError[] => {
  const parent = spec?.parentRef;
  if (!parent) return [required('spec.parentRef')];
  return [
    ...(parent.resource ? [] : [required('spec.parentRef.resource')]),
    ...(parent.name ? [] : [required('spec.parentRef.name')]),
  ];
};

const parentOf = ({ spec }: IPAddress): string => {
  const { group, resource = '', namespace, name } = spec?.parentRef ?? {};
  const kind = group ? `${resource}.${group}` : resource;
  return orNone([kind, namespace, name].filter(Boolean).join('/'));
};

export const ipAddressDefinition: Definition<IPAddress> = {
  resource: ipAddresses,
  fieldSelectors: [],
  explanations: { 'networking.v1beta1.IPAddress': { '': 'An address that a service has. Its name is the address.' } },
  columns: ['Name', 'ParentRef', 'Age'],
  cells: (address) => [address.metadata.name, parentOf(address), ageOf(address.metadata.creationTimestamp)],
  nameProblems,
  validate: validateParent,
  validateUpdate: (next, current) =>
    isDeepStrictEqual(next.spec, current.spec)
      ? []
      : [invalidValue('spec.parentRef', next.spec?.parentRef, immutableProblem)],
};
