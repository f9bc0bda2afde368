// ServiceCIDRs: ranges from which services get their addresses, besides --service-cluster-ip-range.
import { isDeepStrictEqual } from 'node:util';
import { readNetwork } from '../../../api/ip.ts';
import type { ServiceCIDR } from '../../../api/networking.ts';
import { serviceCidrs } from '../../../api/resources.ts';
import { validateNetwork } from '../validation/addresses.ts';
import { type FieldError, forbiddenField, invalidValue, required, tooMany } from '../validation/field.ts';
import { immutableProblem } from '../validation/values.ts';
import { ageOf } from './cells.ts';
import type { Definition } from './definition.ts';

const validateCidrs = ({ spec }: ServiceCIDR): FieldError[] => {
  const { cidrs = [] } = spec ?? {};
  if (cidrs.length === 0) return [required('spec.cidrs', 'at least one CIDR required')];
  if (cidrs.length > 2) return [tooMany('spec.cidrs', cidrs.length, 2)];
  return cidrs.flatMap((cidr, index): FieldError[] => {
    const field = `spec.cidrs[${index}]`;
    const network = readNetwork(cidr);
    if (!network) return validateNetwork(cidr, field);
    if (network.family === 'IPv6')
      return [forbiddenField(field, 'labs supports no range of IPv6: clusters have one address family, IPv4')];
    const [address = '', prefix] = network.text.split('/');
    const canonical = `${address}/${prefix}`;
    if (cidr !== canonical) return [invalidValue(field, cidr, `must be in canonical form ("${canonical}")`)];
    return Number(prefix) <= 29 ? [] : [invalidValue(field, cidr, 'must hold at least 8 addresses')];
  });
};

export const serviceCidrDefinition: Definition<ServiceCIDR> = {
  resource: serviceCidrs,
  subresources: ['status'],
  explanations: {
    'networking.v1beta1.ServiceCIDR': { '': 'A range from which services get their addresses.' },
  },
  columns: ['Name', 'CIDRs', 'Age'],
  cells: ({ metadata, spec }) => [metadata.name, (spec?.cidrs ?? []).join(','), ageOf(metadata.creationTimestamp)],
  prepareCreate: (range) => {
    range.status = {};
  },
  validate: validateCidrs,
  validateUpdate: (next, current) =>
    isDeepStrictEqual(next.spec, current.spec) ? [] : [invalidValue('spec.cidrs', next.spec?.cidrs, immutableProblem)],
};
