// Which names, labels and annotations are valid, in the words of apimachinery's util/validation.
import { type FieldError, tooLong } from './field.ts';
import { invalidValues } from './values.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const dns1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualified = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const full = (pattern: string): RegExp => new RegExp(`^${pattern}$`);
const labelPattern = full(label);
const subdomainPattern = full(subdomain);
const dns1035Pattern = full(dns1035);
const qualifiedPattern = full(qualified);

const tooLongDetail = (limit: number): string => `must be no more than ${limit} characters`;

/** What is wrong with a DNS label, such as the name of a container or a namespace. */
export const labelProblems = (value: string): string[] => [
  ...(value.length > 63 ? [tooLongDetail(63)] : []),
  ...(labelPattern.test(value)
    ? []
    : [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
          `alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${label}')`,
      ]),
];

export const subdomainProblems = (value: string): string[] => [
  ...(value.length > 253 ? [tooLongDetail(253)] : []),
  ...(subdomainPattern.test(value)
    ? []
    : [
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
          `alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomain}')`,
      ]),
];

/** What is wrong with a service's name, which becomes a DNS name and must start with a letter. */
export const dns1035Problems = (value: string): string[] => [
  ...(value.length > 63 ? [tooLongDetail(63)] : []),
  ...(dns1035Pattern.test(value)
    ? []
    : [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an " +
          `alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${dns1035}')`,
      ]),
];

/** What is wrong with a port's name (RFC 6335). */
export const portNameProblems = (value: string): string[] => {
  const problems: string[] = [];
  if (value.length > 15) problems.push(tooLongDetail(15));
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (/^-|-$/.test(value)) problems.push('must not begin or end with a hyphen');
  return problems;
};

const qualifiedProblem =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualified}')`;

/** What is wrong with the key of a label: a name that may have a DNS subdomain as prefix. */
export const qualifiedNameProblems = (value: string): string[] => {
  const parts = value.split('/');
  if (parts.length > 2)
    return [
      `a qualified name ${qualifiedProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? '';
  const problems: string[] = [];
  if (parts.length === 2) {
    const [prefix = ''] = parts;
    const wrong = prefix === '' ? ['must be non-empty'] : subdomainProblems(prefix);
    problems.push(...wrong.map((text) => `prefix part ${text}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  if (name.length > 63) problems.push(`name part ${tooLongDetail(63)}`);
  if (!qualifiedPattern.test(name)) problems.push(`name part ${qualifiedProblem}`);
  return problems;
};

export const labelValueProblems = (value: string): string[] => {
  if (value === '') return [];
  if (value.length > 63) return [tooLongDetail(63)];
  if (qualifiedPattern.test(value)) return [];
  return [
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
      `alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${qualified})?')`,
  ];
};

export const validateLabels = (labels: Record<string, string>, path: string): FieldError[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...invalidValues(path, key, qualifiedNameProblems(key)),
    ...invalidValues(path, value, labelValueProblems(value)),
  ]);

export const validateAnnotations = (annotations: Record<string, string>, path: string): FieldError[] => {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  const limit = 256 * 1024;
  return [
    ...Object.keys(annotations).flatMap((key) => invalidValues(path, key, qualifiedNameProblems(key.toLowerCase()))),
    ...(size > limit ? [tooLong(path, limit)] : []),
  ];
};
