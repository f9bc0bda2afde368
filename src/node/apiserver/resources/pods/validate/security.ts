// Validates the security contexts of pods and containers.
import type { Container, PodSpec } from '../../../../../api/core-pods.ts';
import { duplicate, type FieldError, GoLiteral, invalidValue, required } from '../../../validation/field.ts';
import { validateDescendingPath } from '../../../validation/paths.ts';
import { oneOf } from '../../../validation/values.ts';

interface Profile {
  readonly type?: string;
  readonly localhostProfile?: string;
}
interface PodContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly supplementalGroupsPolicy?: string;
  readonly fsGroupChangePolicy?: string;
  readonly sysctls?: readonly { readonly name?: string; readonly value?: string }[];
  readonly seccompProfile?: Profile;
  readonly appArmorProfile?: Profile;
  readonly seLinuxChangePolicy?: string;
}
interface ContainerContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[] };
  readonly procMount?: string;
  readonly seccompProfile?: Profile;
  readonly appArmorProfile?: Profile;
}

const maxId = 2 ** 31 - 1;

const validateId = (id: number | undefined, field: string): FieldError[] =>
  id === undefined || (id >= 0 && id <= maxId)
    ? []
    : [invalidValue(field, id, `must be between 0 and ${maxId}, inclusive`)];

export const validatePodSecurity = (spec: PodSpec, path: string): FieldError[] => {
  const context = (spec.securityContext ?? {}) as PodContext;
  const { supplementalGroups = [] } = context;
  const shared = spec.shareProcessNamespace === true && spec.hostPID === true;
  const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
  return [
    ...validateId(context.fsGroup, `${path}.fsGroup`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...supplementalGroups.flatMap((group, index) => validateId(group, `${path}.supplementalGroups[${index}]`)),
    ...(shared ? [invalidValue(`${path}.shareProcessNamespace`, true, detail)] : []),
    ...validateSysctls(context, spec, `${path}.sysctls`),
    ...oneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], `${path}.fsGroupChangePolicy`),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
    ...oneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], `${path}.supplementalGroupsPolicy`),
    ...oneOf(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], `${path}.seLinuxChangePolicy`),
  ];
};

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const sysctlPattern = `^(${segment}[\\./])*${segment}$`;

const validateSysctls = ({ sysctls = [] }: PodContext, spec: PodSpec, path: string): FieldError[] => {
  const names = new Set<string>();
  return sysctls.flatMap(({ name = '' }, index) => {
    const at = `${path}[${index}].name`;
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(at));
    else if (name.length > 253 || !new RegExp(sysctlPattern).test(name))
      errors.push(invalidValue(at, name, `must have at most 253 characters and match regex ${sysctlPattern}`));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork && dotted.startsWith('net.'))
      errors.push(invalidValue(at, name, "may not be specified when 'hostNetwork' is true"));
    if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted))
      errors.push(invalidValue(at, name, "may not be specified when 'hostIPC' is true"));
    return errors;
  });
};

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const validateSeccomp = (profile: Profile | undefined, path: string): FieldError[] => {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  if (!type) return [required(`${path}.type`, 'type is required when seccompProfile is set')];
  const errors = oneOf(type, profileTypes, `${path}.type`);
  const field = `${path}.localhostProfile`;
  if (type !== 'Localhost')
    return localhostProfile === undefined
      ? errors
      : [...errors, invalidValue(field, goProfile(profile), 'can only be set when seccomp type is Localhost')];
  if (localhostProfile === undefined) return [required(field, 'must be set when seccomp type is Localhost')];
  return validateDescendingPath(localhostProfile, field);
};

const goProfile = ({ type, localhostProfile }: Profile): GoLiteral =>
  new GoLiteral(
    `core.SeccompProfile{Type:${JSON.stringify(type)}, LocalhostProfile:${JSON.stringify(localhostProfile)}}`,
  );

const validateAppArmor = (profile: Profile | undefined, path: string): FieldError[] => {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  const field = `${path}.localhostProfile`;
  if (!type) return [required(`${path}.type`, 'type is required when appArmorProfile is set')];
  if (type !== 'Localhost')
    return [
      ...oneOf(type, profileTypes, `${path}.type`),
      ...(localhostProfile === undefined || !profileTypes.includes(type)
        ? []
        : [invalidValue(field, localhostProfile, 'can only be set when AppArmor type is Localhost')]),
    ];
  if (!localhostProfile?.trim()) return [required(field, 'must be set when AppArmor type is Localhost')];
  return localhostProfile === localhostProfile.trim()
    ? []
    : [invalidValue(field, localhostProfile, 'must not be padded with whitespace')];
};

export const validateSecurityContext = (
  given: NonNullable<Container['securityContext']>,
  { hostUsers = true }: PodSpec,
  path: string,
): FieldError[] => {
  const context = given as ContainerContext;
  const { procMount } = context;
  return [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...oneOf(procMount, ['Default', 'Unmasked'], `${path}.procMount`),
    ...(hostUsers && procMount === 'Unmasked'
      ? [invalidValue(`${path}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`')]
      : []),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
    ...validateEscalation(context, path),
    ...validateAppArmor(context.appArmorProfile, `${path}.appArmorProfile`),
  ];
};

/** A privileged process cannot be kept from gaining privileges. */
const validateEscalation = (context: ContainerContext, path: string): FieldError[] => {
  if (context.allowPrivilegeEscalation !== false) return [];
  const value = new GoLiteral(`core.SecurityContext(${JSON.stringify(context)})`);
  const conflict = (other: string): FieldError =>
    invalidValue(path, value, `cannot set \`allowPrivilegeEscalation\` to false and ${other}`);
  const isAdmin = context.capabilities?.add?.includes('CAP_SYS_ADMIN');
  return [
    ...(context.privileged ? [conflict('`privileged` to true')] : []),
    ...(isAdmin ? [conflict('`capabilities.Add` CAP_SYS_ADMIN')] : []),
  ];
};
