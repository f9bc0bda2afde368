// Validates the environment of containers, and the references of the downward API.
import type { Container, EnvVar } from '../../../../../api/core-pods.ts';
import { type FieldError, invalidValue, required, unsupported } from '../../../validation/field.ts';
import { qualifiedNameProblems, subdomainProblems } from '../../../validation/names.ts';
import { invalidValues } from '../../../validation/values.ts';
import { keyProblems } from '../../data.ts';

type EnvFrom = NonNullable<Container['envFrom']>;
type ValueFrom = NonNullable<EnvVar['valueFrom']>;

const nameProblems = (name: string): string[] =>
  /^[ -<>-~]+$/.test(name)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

export const validateEnv = (env: readonly EnvVar[], path: string): FieldError[] =>
  env.flatMap((variable, index) => {
    const at = `${path}[${index}]`;
    return [
      ...(variable.name
        ? invalidValues(`${at}.name`, variable.name, nameProblems(variable.name))
        : [required(`${at}.name`)]),
      ...(variable.valueFrom ? validateSource(variable, variable.valueFrom, `${at}.valueFrom`) : []),
    ];
  });

const envFields = [
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
];

const validateSource = ({ value }: EnvVar, from: ValueFrom, path: string): FieldError[] => {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = from;
  const errors = [
    ...(fieldRef ? validateFieldRef(fieldRef, envFields, `${path}.fieldRef`) : []),
    ...(resourceFieldRef ? validateResourceRef(resourceFieldRef, `${path}.resourceFieldRef`) : []),
    ...(configMapKeyRef ? validateKeyRef(configMapKeyRef, `${path}.configMapKeyRef`) : []),
    ...(secretKeyRef ? validateKeyRef(secretKeyRef, `${path}.secretKeyRef`) : []),
  ];
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter((source) => source).length;
  const sources = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
  if (count === 0) return [invalidValue(path, '', sources)];
  if (value) return [...errors, invalidValue(path, '', 'may not be specified when `value` is not empty')];
  if (count > 1) return [...errors, invalidValue(path, '', 'may not have more than one field specified at a time')];
  return errors;
};

const validateKeyRef = ({ name = '', key }: { name?: string; key: string }, path: string): FieldError[] => [
  ...invalidValues(`${path}.name`, name, subdomainProblems(name)),
  ...(key ? invalidValues(`${path}.key`, key, keyProblems(key)) : [required(`${path}.key`)]),
];

export const validateEnvFrom = (sources: EnvFrom, path: string): FieldError[] =>
  sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = `${path}[${index}]`;
    const errors = [
      ...(prefix ? invalidValues(`${at}.prefix`, prefix, nameProblems(prefix)) : []),
      ...(configMapRef ? validateNameRef(configMapRef, `${at}.configMapRef`) : []),
      ...(secretRef ? validateNameRef(secretRef, `${at}.secretRef`) : []),
    ];
    if (!configMapRef && !secretRef)
      return [...errors, invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`')];
    return configMapRef && secretRef
      ? [...errors, invalidValue(path, '', 'may not have more than one field specified at a time')]
      : errors;
  });

const validateNameRef = ({ name }: { name?: string }, path: string): FieldError[] =>
  name ? invalidValues(`${path}.name`, name, subdomainProblems(name)) : [required(`${path}.name`)];

interface FieldRef {
  readonly apiVersion?: string;
  readonly fieldPath?: string;
}

/** Fields of pods that the downward API knows. Variables and files may use only some of them. */
const labelsOfFields = [
  ...['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
  ...['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'spec.schedulerName', 'status.phase'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs', 'spec.host'],
];

/** @param supported the fields that may be used at this place */
export const validateFieldRef = (
  { apiVersion = 'v1', fieldPath }: FieldRef,
  supported: readonly string[],
  path: string,
): FieldError[] => {
  if (!fieldPath) return [required(`${path}.fieldPath`)];
  const wrong = (problem: string): FieldError[] => [
    invalidValue(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`),
  ];
  if (apiVersion !== 'v1') return wrong(`unsupported pod version: ${apiVersion}`);
  const [, container = '', key] = /^(.+)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (key !== undefined) {
    if (container === 'metadata.annotations') return invalidValues(path, key, qualifiedNameProblems(key.toLowerCase()));
    if (container === 'metadata.labels') return invalidValues(path, key, qualifiedNameProblems(key));
    return wrong(`field label does not support subscript: ${fieldPath}`);
  }
  if (!labelsOfFields.includes(fieldPath)) return wrong(`field label not supported: ${fieldPath}`);
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  return supported.includes(field) ? [] : [unsupported(`${path}.fieldPath`, field, [...supported].sort())];
};

interface ResourceRef {
  readonly containerName?: string;
  readonly resource?: string;
  readonly divisor?: string;
}

const resources = ['cpu', 'ephemeral-storage', 'memory']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .sort();
const sizes = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** @param inFile true for a file in a volume, which must name its container */
export const validateResourceRef = (
  { containerName, resource, divisor = '0' }: ResourceRef,
  path: string,
  inFile = false,
): FieldError[] => {
  if (inFile && !containerName) return [required(`${path}.containerName`)];
  if (!resource) return [required(`${path}.resource`)];
  const isHugePages = /^(limits|requests)\.hugepages-/.test(resource);
  if (!resources.includes(resource) && !isHugePages) return [unsupported(`${path}.resource`, resource, resources)];
  if (divisor === '0' || divisor === '') return [];
  const kind = resource.replace(/^(limits|requests)\./, '');
  const allowed = kind === 'cpu' ? ['1m', '1'] : sizes;
  if (allowed.includes(divisor)) return [];
  const named = kind === 'ephemeral-storage' ? 'local ephemeral storage' : isHugePages ? 'hugepages' : kind;
  const list = kind === 'cpu' ? '1m and 1' : sizes.join(', ');
  return [
    invalidValue(`${path}.divisor`, resource, `only divisor's values ${list} are supported with the ${named} resource`),
  ];
};
