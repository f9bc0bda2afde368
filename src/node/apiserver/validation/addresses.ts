// Which addresses and networks are valid, in the words of apimachinery's and Kubernetes' core validation.
import { type IpFamily, networkContains, readIp, readNetwork } from '../../../api/ip.ts';
import { type FieldError, invalidValue, required } from './field.ts';
import { labelProblems, subdomainProblems } from './names.ts';
import { invalidValues } from './values.ts';

export const validateIp = (text: string, field: string): FieldError[] =>
  readIp(text) ? [] : [invalidValue(field, text, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];

export const validateIpOfFamily = (text: string, family: IpFamily, field: string): FieldError[] =>
  readIp(text)?.family === family ? [] : [invalidValue(field, text, `must be a valid ${family} address`)];

export const validateNetwork = (text: string, field: string): FieldError[] =>
  readNetwork(text)
    ? []
    : [invalidValue(field, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];

/** Multicast addresses of IPv6 whose scope is one link, with any flags. */
const linkLocalMulticast = Array.from({ length: 16 }, (_, flags) => `ff${flags.toString(16)}2::/16`);

const specialRanges: readonly (readonly [ranges: readonly string[], detail: (text: string) => string])[] = [
  [['0.0.0.0/32', '::/128'], (text) => `may not be unspecified (${text})`],
  [['127.0.0.0/8', '::1/128'], () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [['169.254.0.0/16', 'fe80::/10'], () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [
    ['224.0.0.0/24', ...linkLocalMulticast],
    () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
];

/** Endpoints and external IPs may not be addresses that have another meaning on each machine. */
export const validateNonSpecialIp = (text: string, field: string): FieldError[] => {
  const address = readIp(text)?.text;
  if (address === undefined) return [invalidValue(field, text, 'must be a valid IP address')];
  return specialRanges.flatMap(([ranges, detail]) =>
    ranges.some((range) => networkContains(range, address)) ? [invalidValue(field, text, detail(text))] : [],
  );
};

/** A domain name with a dot. One dot may stand at its end. */
export const validateDomainName = (text: string, field: string): FieldError[] => {
  if (text === '') return [required(field)];
  const name = text.replace(/\.$/, '');
  const problems = subdomainProblems(name);
  if (problems.length > 0) return [invalidValue(field, name, problems.join(','))];
  const labels = name.split('.');
  if (labels.length < 2)
    return [invalidValue(field, name, 'should be a domain with at least two segments separated by dots')];
  const wrong = labels.find((label) => labelProblems(label).length > 0);
  return wrong === undefined ? [] : [invalidValue(field, wrong, labelProblems(wrong).join(','))];
};

/** The parts of an endpoint's identity that both of its forms have. */
export const validateEndpointNames = (
  { hostname, nodeName }: { readonly hostname?: string; readonly nodeName?: string },
  path: string,
): FieldError[] => [
  ...(hostname === undefined ? [] : invalidValues(`${path}.hostname`, hostname, labelProblems(hostname))),
  ...(nodeName === undefined ? [] : invalidValues(`${path}.nodeName`, nodeName, subdomainProblems(nodeName))),
];
