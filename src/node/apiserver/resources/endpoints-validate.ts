// Validates Endpoints, in the words of Kubernetes' ValidateEndpoints.
import type { EndpointAddress, EndpointSubset, Endpoints } from '../../../api/core.ts';
import { validateEndpointNames, validateIp, validateNonSpecialIp } from '../validation/addresses.ts';
import { type FieldError, invalidValue, required } from '../validation/field.ts';
import { labelProblems, qualifiedNameProblems } from '../validation/names.ts';
import { invalidValues, isPort, oneOf, portProblem, protocols } from '../validation/values.ts';

export const validateEndpoints = ({ subsets = [] }: Endpoints): FieldError[] =>
  subsets.flatMap((subset, index) => validateSubset(subset, `subsets[${index}]`));

const validateSubset = (subset: EndpointSubset, path: string): FieldError[] => {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  return [
    ...(addresses.length + notReadyAddresses.length === 0
      ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
      : []),
    ...addresses.flatMap((address, index) => validateAddress(address, `${path}.addresses[${index}]`)),
    ...notReadyAddresses.flatMap((address, index) => validateAddress(address, `${path}.notReadyAddresses[${index}]`)),
    ...ports.flatMap((port, index) => validatePort(port, ports.length > 1, `${path}.ports[${index}]`)),
  ];
};

const validateAddress = (address: EndpointAddress, path: string): FieldError[] => {
  const { ip = '', hostname, ...rest } = address;
  return [
    ...validateIp(ip, `${path}.ip`),
    ...validateEndpointNames({ ...rest, ...(hostname ? { hostname } : {}) }, path),
    ...validateNonSpecialIp(ip, `${path}.ip`),
  ];
};

type Port = NonNullable<EndpointSubset['ports']>[number];

const validatePort = ({ name, port, protocol, appProtocol }: Port, several: boolean, path: string): FieldError[] => [
  ...(!name && several ? [required(`${path}.name`)] : []),
  ...(name ? invalidValues(`${path}.name`, name, labelProblems(name)) : []),
  ...(isPort(port) ? [] : [invalidValue(`${path}.port`, port ?? 0, portProblem)]),
  ...oneOf(protocol, protocols, `${path}.protocol`),
  ...(appProtocol === undefined
    ? []
    : invalidValues(`${path}.appProtocol`, appProtocol, qualifiedNameProblems(appProtocol))),
];
