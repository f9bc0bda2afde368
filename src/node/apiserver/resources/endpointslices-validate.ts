// Validates EndpointSlices, in the words of Kubernetes' ValidateEndpointSlice. Ports outside of 1 to 65535, which
// Kubernetes stores and kube-proxy ignores, are refused, too.
import type { Endpoint, EndpointPort, EndpointSlice } from '../../../api/discovery.ts';
import {
  validateDomainName,
  validateEndpointNames,
  validateIpOfFamily,
  validateNonSpecialIp,
} from '../validation/addresses.ts';
import { duplicate, type FieldError, invalidValue, required, tooMany } from '../validation/field.ts';
import { labelProblems, labelValueProblems, qualifiedNameProblems } from '../validation/names.ts';
import { immutableProblem, invalidValues, isPort, oneOf, portProblem, protocols } from '../validation/values.ts';

const mostAddresses = 100;
const mostEndpoints = 1000;
const mostPorts = 20_000;
const mostHints = 8;

export const validateSlice = ({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] => [
  ...(addressType ? oneOf(addressType, ['FQDN', 'IPv4', 'IPv6'], 'addressType') : [required('addressType')]),
  ...validateEndpoints(endpoints, addressType),
  ...validatePorts(ports),
];

export const validateSliceUpdate = (next: EndpointSlice, current: EndpointSlice): FieldError[] =>
  next.addressType === current.addressType ? [] : [invalidValue('addressType', next.addressType, immutableProblem)];

const validateEndpoints = (endpoints: readonly Endpoint[], type: EndpointSlice['addressType']): FieldError[] =>
  endpoints.length > mostEndpoints
    ? [tooMany('endpoints', endpoints.length, mostEndpoints)]
    : endpoints.flatMap((endpoint, index) => validateEndpoint(endpoint, type, `endpoints[${index}]`));

const validateEndpoint = (endpoint: Endpoint, type: EndpointSlice['addressType'], path: string): FieldError[] => {
  const { addresses = [], hints } = endpoint;
  const field = `${path}.addresses`;
  return [
    ...(addresses.length === 0 ? [required(field, 'must contain at least 1 address')] : []),
    ...(addresses.length > mostAddresses ? [tooMany(field, addresses.length, mostAddresses)] : []),
    ...addresses.flatMap((address, index) => validateAddress(address, type, `${field}[${index}]`)),
    ...validateEndpointNames(endpoint, path),
    ...validateHints(hints?.forZones ?? [], `${path}.hints.forZones`),
    ...validateHints(hints?.forNodes ?? [], `${path}.hints.forNodes`),
  ];
};

const validateAddress = (address: string, type: EndpointSlice['addressType'], field: string): FieldError[] => {
  if (type === 'FQDN') return validateDomainName(address, field);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  return [...validateIpOfFamily(address, type, field), ...validateNonSpecialIp(address, field)];
};

const validateHints = (hints: readonly { name?: string }[], path: string): FieldError[] => {
  if (hints.length > mostHints) return [tooMany(path, hints.length, mostHints)];
  const names = hints.map(({ name = '' }) => name);
  return names.flatMap((name, index) => {
    const field = `${path}[${index}].name`;
    return [
      ...(names.indexOf(name) < index ? [duplicate(field, name)] : []),
      ...invalidValues(field, name, labelValueProblems(name)),
    ];
  });
};

const validatePorts = (ports: readonly EndpointPort[]): FieldError[] => {
  if (ports.length > mostPorts) return [tooMany('ports', ports.length, mostPorts)];
  const seen = new Set<string>();
  return ports.flatMap((port, index) => {
    const path = `ports[${index}]`;
    const name = port.name ?? '';
    const errors = [
      ...(name === '' ? [] : invalidValues(`${path}.name`, name, labelProblems(name))),
      ...(seen.has(name) ? [duplicate(`${path}.name`, name)] : []),
      ...oneOf(port.protocol, protocols, `${path}.protocol`),
      ...(port.port === undefined || isPort(port.port) ? [] : [invalidValue(`${path}.port`, port.port, portProblem)]),
      ...(port.appProtocol === undefined
        ? []
        : invalidValues(`${path}.appProtocol`, port.appProtocol, qualifiedNameProblems(port.appProtocol))),
    ];
    seen.add(name);
    return errors;
  });
};
