// Validates the volumes of a pod. Sources that labs does not support are refused later, by the table of fields.
import type { KeyToPath, Volume } from '../../../../../api/core-pods.ts';
import { parseQuantity } from '../../../../../api/quantity.ts';
import { duplicate, type FieldError, forbiddenField, invalidValue, required } from '../../../validation/field.ts';
import { labelProblems } from '../../../validation/names.ts';
import { validateFileMode, validateFilePath, validateNoBacksteps } from '../../../validation/paths.ts';
import { invalidValues, oneOf } from '../../../validation/values.ts';
import { validateFieldRef, validateResourceRef } from './env.ts';

/** In this order the original looks for a second source. */
const sources = [
  ...['emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi'],
  ...['glusterfs', 'flocker', 'persistentVolumeClaim', 'rbd', 'cinder', 'cephfs', 'quobyte', 'downwardAPI', 'fc'],
  ...['flexVolume', 'configMap', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk'],
  ...['storageos', 'projected', 'scaleIO', 'csi', 'ephemeral', 'image'],
];

export const validateVolumes = (volumes: readonly Volume[], path: string): FieldError[] => {
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${path}[${index}]`;
    const errors = validateSource(volume, at);
    if (!volume.name) errors.push(required(`${at}.name`));
    else errors.push(...invalidValues(`${at}.name`, volume.name, labelProblems(volume.name)));
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    names.add(volume.name);
    return errors;
  });
};

const validateSource = (volume: Volume, path: string): FieldError[] => {
  const given = sources.filter((name) => (volume as unknown as Record<string, unknown>)[name] !== undefined);
  const [first = '', ...others] = given;
  return [
    ...(validators[first]?.(volume, `${path}.${first}`) ?? []),
    ...others.map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 volume type')),
  ];
};

const validators: Readonly<Record<string, (volume: Volume, path: string) => FieldError[]>> = {
  emptyDir: ({ emptyDir }, path) =>
    (parseQuantity(emptyDir?.sizeLimit ?? '0') ?? 0) < 0
      ? [forbiddenField(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: ({ hostPath }, path) => validateHostPath(hostPath ?? {}, path),
  secret: ({ secret }, path) => [
    ...(secret?.secretName ? [] : [required(`${path}.secretName`)]),
    ...validateFiles(secret ?? {}, path),
  ],
  configMap: ({ configMap }, path) => [
    ...(configMap?.name ? [] : [required(`${path}.name`)]),
    ...validateFiles(configMap ?? {}, path),
  ],
  downwardAPI: ({ downwardAPI }, path) => [
    ...validateFileMode(downwardAPI?.defaultMode, `${path}.defaultMode`),
    ...(downwardAPI?.items ?? []).flatMap((file) => validateDownwardFile(file, path)),
  ],
  projected: ({ projected }, path) => validateProjected((projected ?? {}) as Projected, path),
};

const hostPathTypes = [
  ...['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
];

const validateHostPath = (hostPath: { path?: string; type?: string }, path: string): FieldError[] =>
  hostPath.path
    ? [...validateNoBacksteps(hostPath.path, `${path}.path`), ...oneOf(hostPath.type, hostPathTypes, `${path}.type`)]
    : [required(`${path}.path`)];

const validateFiles = (
  { defaultMode, items = [] }: { readonly defaultMode?: number; readonly items?: readonly KeyToPath[] },
  path: string,
): FieldError[] => [
  ...validateFileMode(defaultMode, `${path}.defaultMode`),
  ...items.flatMap((item, index) => validateItem(item, `${path}.items[${index}]`)),
];

const validateItem = ({ key, path: file = '', mode }: KeyToPath, path: string): FieldError[] => [
  ...(key ? [] : [required(`${path}.key`)]),
  ...(file ? [] : [required(`${path}.path`)]),
  ...validateFilePath(file, `${path}.path`),
  ...validateFileMode(mode, `${path}.mode`),
];

interface DownwardFile {
  readonly path?: string;
  readonly fieldRef?: { readonly apiVersion?: string; readonly fieldPath?: string };
  readonly resourceFieldRef?: {
    readonly containerName?: string;
    readonly resource?: string;
    readonly divisor?: string;
  };
  readonly mode?: number;
}

const fileFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

/** The original names the source, not the file, in these errors. */
const validateDownwardFile = (file: DownwardFile, path: string): FieldError[] => {
  const { fieldRef, resourceFieldRef } = file;
  const errors = [
    ...(file.path ? [] : [required(`${path}.path`)]),
    ...validateFilePath(file.path ?? '', `${path}.path`),
  ];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, fileFields, `${path}.fieldRef`));
  else if (resourceFieldRef) errors.push(...validateResourceRef(resourceFieldRef, `${path}.resourceFieldRef`, true));
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  if (fieldRef && resourceFieldRef)
    errors.push(invalidValue(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  return [...errors, ...validateFileMode(file.mode, `${path}.mode`)];
};

interface Projected {
  readonly defaultMode?: number;
  readonly sources?: readonly ProjectedSource[];
}
interface ProjectedSource {
  readonly secret?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[] };
  readonly downwardAPI?: { readonly items?: readonly DownwardFile[] };
  readonly serviceAccountToken?: { readonly expirationSeconds?: number; readonly path?: string };
  readonly clusterTrustBundle?: unknown;
}

const validateProjected = ({ defaultMode, sources: list = [] }: Projected, path: string): FieldError[] => {
  const seen = new Set<string>();
  const taken = (file: string | undefined, value: string): FieldError[] => {
    if (!file) return [];
    const isTaken = seen.has(file);
    seen.add(file);
    return isTaken ? [invalidValue(path, value, 'conflicting duplicate paths')] : [];
  };
  return [
    ...validateFileMode(defaultMode, `${path}.defaultMode`),
    ...list.flatMap((source, index) => [
      ...validateProjection(source, `${path}.sources[${index}]`, path),
      ...(['secret', 'configMap'] as const).flatMap((kind) =>
        (source[kind]?.items ?? []).flatMap((item) => taken(item.path, source[kind]?.name ?? '')),
      ),
      ...(source.downwardAPI?.items ?? []).flatMap((file) => taken(file.path, file.path ?? '')),
    ]),
  ];
};

const validateProjection = (source: ProjectedSource, path: string, volumePath: string): FieldError[] => {
  const { downwardAPI, serviceAccountToken: token } = source;
  const errors = (['secret', 'configMap'] as const).flatMap((kind) => {
    const files = source[kind];
    if (!files) return [];
    return [...(files.name ? [] : [required(`${path}.${kind}.name`)]), ...validateFiles(files, `${path}.${kind}`)];
  });
  errors.push(...(downwardAPI?.items ?? []).flatMap((file) => validateDownwardFile(file, `${path}.downwardAPI`)));
  if (token) errors.push(...validateToken(token, `${path}.serviceAccountToken`, volumePath));
  if (Object.keys(source).length > 1)
    errors.push(forbiddenField(path, 'may not specify more than 1 volume type per source'));
  return errors;
};

const validateToken = (
  { expirationSeconds: seconds = 3600, path: file }: NonNullable<ProjectedSource['serviceAccountToken']>,
  path: string,
  volumePath: string,
): FieldError[] => [
  ...(seconds < 600
    ? [invalidValue(`${path}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes')]
    : []),
  ...(seconds > 2 ** 32
    ? [invalidValue(`${path}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds')]
    : []),
  ...(file ? validateFilePath(file, `${volumePath}.path`) : [required(`${volumePath}.path`)]),
];
