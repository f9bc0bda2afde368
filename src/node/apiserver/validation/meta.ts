// What is wrong with the metadata of an object, in the words of apimachinery's ValidateObjectMeta.
import type { KubeObject, OwnerReference } from '../../../api/meta.ts';
import { type FieldError, GoLiteral, invalidValue, required } from './field.ts';
import { qualifiedNameProblems, subdomainProblems, validateAnnotations, validateLabels } from './names.ts';
import { invalidValues } from './values.ts';

export const validateMeta = (
  { metadata }: KubeObject,
  nameProblems: (name: string) => string[] = subdomainProblems,
): FieldError[] => [
  ...(metadata.name === ''
    ? [required('metadata.name', 'name or generateName is required')]
    : invalidValues('metadata.name', metadata.name, nameProblems(metadata.name))),
  ...validateLabels(metadata.labels ?? {}, 'metadata.labels'),
  ...validateAnnotations(metadata.annotations ?? {}, 'metadata.annotations'),
  ...validateOwners(metadata.ownerReferences ?? []),
  ...validateFinalizers(metadata.finalizers ?? []),
];

const validateOwners = (owners: readonly OwnerReference[]): FieldError[] => {
  const path = 'metadata.ownerReferences';
  const errors = owners.flatMap(({ apiVersion = '', kind, name, uid }) => [
    ...(apiVersion.replace(/^.*\//, '') === ''
      ? [invalidValue(`${path}.apiVersion`, apiVersion, 'version must not be empty')]
      : []),
    ...Object.entries({ kind, name, uid }).flatMap(([field, value]) =>
      value ? [] : [invalidValue(`${path}.${field}`, value ?? '', 'must not be empty')],
    ),
  ]);
  const controllers = owners.filter(({ controller }) => controller).map(({ kind, name }) => `${kind}/${name}`);
  const [first, second] = controllers;
  if (second === undefined) return errors;
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
  return [...errors, invalidValue(path, new GoLiteral(`[]v1.OwnerReference(${JSON.stringify(owners)})`), detail)];
};

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion'];

const validateFinalizers = (finalizers: readonly string[]): FieldError[] => [
  ...finalizers.flatMap((name) => invalidValues('metadata.finalizers', name, qualifiedNameProblems(name))),
  ...finalizers.flatMap((name, index) =>
    name.includes('/') || standardFinalizers.includes(name)
      ? []
      : [
          invalidValue(
            `metadata.finalizers[${index}]`,
            name,
            'name is neither a standard finalizer name nor is it fully qualified',
          ),
        ],
  ),
];
