// Validates the addresses of services: cluster IPs and their families, and external IPs. The cluster has IPv4 only.
import type { Service } from '../../../../api/core.ts';
import { readIp } from '../../../../api/ip.ts';
import { validateIp, validateNonSpecialIp } from '../../validation/addresses.ts';
import { duplicate, type FieldError, invalidValue, required } from '../../validation/field.ts';
import { oneOf } from '../../validation/values.ts';

type Spec = Service['spec'];

export const validateAddresses = ({ spec }: Service): FieldError[] => [
  ...(spec.type === 'ExternalName' ? [] : validateClusterIps(spec)),
  ...(spec.externalIPs ?? []).flatMap((address, index) => {
    const path = `spec.externalIPs[${index}]`;
    const errors = validateIp(address, path);
    return errors.length > 0 ? errors : validateNonSpecialIp(address, path);
  }),
];

const validateClusterIps = (spec: Spec): FieldError[] => {
  const { clusterIP = '', clusterIPs = [] } = spec;
  const errors: FieldError[] = [];
  const complain = (detail: string): number => errors.push(invalidValue('spec.clusterIPs', clusterIPs, detail));
  if (clusterIP !== '' && clusterIPs.length === 0) errors.push(required('spec.clusterIPs'));
  else if (clusterIP !== '' && clusterIPs[0] !== clusterIP) complain('first value must match `clusterIP`');
  else if (clusterIP === '' && clusterIPs.length > 0) complain('must be empty when `clusterIP` is not specified');
  errors.push(...validateFamilies(spec));
  if (clusterIPs[0] === 'None' && clusterIPs.length > 1) complain("'None' must be the first and only value");
  const wrong = clusterIPs.flatMap((address, index) =>
    index === 0 && address === 'None' ? [] : validateIp(address, `spec.clusterIPs[${index}]`),
  );
  if (clusterIPs.length > 2) complain('may only hold up to 2 values');
  if (errors.length + wrong.length > 0) return [...errors, ...wrong];
  const families = clusterIPs.map((address) => readIp(address)?.family);
  if (families.length === 2 && families[0] === families[1])
    complain('may specify no more than one IP for each IP family');
  if (clusterIP !== 'None') errors.push(...validateMatch(spec));
  return errors.length > 0 ? errors : validateSupport(spec);
};

const validateFamilies = ({ ipFamilies = [], ipFamilyPolicy }: Spec): FieldError[] => [
  ...ipFamilies.flatMap((family, index) => {
    const path = `spec.ipFamilies[${index}]`;
    return [
      ...oneOf(family, ['IPv4', 'IPv6'], path),
      ...(ipFamilies.indexOf(family) < index ? [duplicate(path, family)] : []),
    ];
  }),
  ...oneOf(ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], 'spec.ipFamilyPolicy'),
];

/** Each address must be of the family at its place. */
const validateMatch = ({ clusterIPs = [], ipFamilies = [] }: Spec): FieldError[] =>
  clusterIPs.flatMap((address, index) => {
    const family = ipFamilies[index];
    if (family === undefined || readIp(address)?.family === family) return [];
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalidValue(`spec.clusterIPs[${index}]`, address, detail)];
  });

/** What a cluster with one family refuses. */
const validateSupport = ({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: Spec): FieldError[] => {
  if (clusterIPs.length > 1 || ipFamilies.length > 1 || ipFamilyPolicy === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    return [invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy, detail)];
  }
  const index = ipFamilies.indexOf('IPv6');
  return index < 0 ? [] : [invalidValue(`spec.ipFamilies[${index}]`, 'IPv6', 'not configured on this cluster')];
};

export const validateAddressesUpdate = (next: Service, current: Service): FieldError[] => {
  if (current.spec.type === 'ExternalName' || next.spec.type === 'ExternalName') return [];
  const before = current.spec.clusterIPs ?? (current.spec.clusterIP ? [current.spec.clusterIP] : []);
  const after = next.spec.clusterIPs ?? (next.spec.clusterIP ? [next.spec.clusterIP] : []);
  if (before.length === 0) return [];
  if (after.length === 0) return [invalidValue('spec.clusterIPs[0]', after, 'primary clusterIP can not be unset')];
  return after[0] === before[0] ? [] : [invalidValue('spec.clusterIPs[0]', after, 'may not change once set')];
};
