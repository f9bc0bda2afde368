// The checks of the Pod Security Standard "baseline", in the words and the order of the original.
import {
  failing,
  listed,
  plural,
  quoted,
  type SecurityContext,
  type Subject,
  setters,
  unique,
  type Violation,
} from './subject.ts';

export interface Check {
  /** The first minor version of Kubernetes that has the check. */
  readonly since: number;
  /** A check of "restricted" says the same and more. */
  readonly isCovered?: boolean;
  /** @param minor the version that the namespace asks for */
  run(subject: Subject, minor: number): Violation | undefined;
}

const capabilities = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

const addedBy = ({ capabilities: { add = [] } = {} }: SecurityContext): readonly string[] => add;

export const forbiddenAdditions = (subject: Subject, allowed: readonly string[]): string | undefined => {
  const bad = (security: SecurityContext): string[] => addedBy(security).filter((name) => !allowed.includes(name));
  const names = failing(subject, (security) => bad(security).length > 0);
  const added = unique(subject.containers.flatMap(({ security }) => bad(security)));
  return names.length === 0
    ? undefined
    : `${listed(names)} must not include ${quoted(added)} in securityContext.capabilities.add`;
};

const hostNamespaces = ({ spec }: Subject): Violation | undefined => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
  const detail = used.map((field) => `${field}=true`).join(', ');
  return used.length === 0 ? undefined : { reason: 'host namespaces', detail };
};

const hostPaths = ({ spec }: Subject): Violation | undefined => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names)} ${quoted(names)}` };
};

const hostPorts = (subject: Subject): Violation | undefined => {
  const names = failing(subject, (_security, { ports = [] }) => ports.some(({ hostPort }) => hostPort));
  if (names.length === 0) return undefined;
  const all = subject.containers.flatMap(({ container }) => container.ports ?? []);
  const ports = unique(all.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : [])));
  const uses = `${plural('uses', 'use', names)} ${plural('hostPort', 'hostPorts', ports)} ${ports.join(', ')}`;
  return { reason: 'hostPort', detail: `${listed(names)} ${uses}` };
};

const seLinux = (subject: Subject, minor: number): Violation | undefined => {
  const allowed = [
    '',
    'container_t',
    'container_init_t',
    'container_kvm_t',
    ...(minor >= 31 ? ['container_engine_t'] : []),
  ];
  const isBad = ({ seLinuxOptions: options }: SecurityContext): boolean =>
    options !== undefined && (!allowed.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
  const who = setters(isBad(subject.pod), failing(subject, isBad));
  if (who === '') return undefined;
  const all = [subject.pod, ...subject.containers.map(({ security }) => security)].flatMap(
    ({ seLinuxOptions }) => seLinuxOptions ?? [],
  );
  const types = unique(all.map(({ type = '' }) => type).filter((type) => !allowed.includes(type)));
  const bad = [
    ...(types.length > 0 ? [`${plural('type', 'types', types)} ${quoted(types)}`] : []),
    ...(all.some(({ user }) => user) ? ['user may not be set'] : []),
    ...(all.some(({ role }) => role) ? ['role may not be set'] : []),
  ];
  return {
    reason: 'seLinuxOptions',
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${bad.join('; ')}`,
  };
};

type ProfileField = 'seccompProfile' | 'appArmorProfile';

/** The profiles that a pod or a container sets although it may not. */
export const badProfiles = (subject: Subject, field: ProfileField): { who: string; types: string[] } => {
  const isBad = (security: SecurityContext): boolean =>
    security[field] !== undefined && !['RuntimeDefault', 'Localhost'].includes(security[field]?.type ?? '');
  const all = [subject.pod, ...subject.containers.map(({ security }) => security)];
  return {
    who: setters(isBad(subject.pod), failing(subject, isBad)),
    types: unique(all.filter(isBad).map((security) => security[field]?.type ?? '')),
  };
};

const appArmor = (subject: Subject): Violation | undefined => {
  const { who, types } = badProfiles(subject, 'appArmorProfile');
  if (who === '') return undefined;
  const reason = plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', types);
  return { reason, detail: `${who} must not set AppArmor profile type to ${quoted(types)}` };
};

export const seccomp = (subject: Subject): Violation | undefined => {
  const { who, types } = badProfiles(subject, 'seccompProfile');
  if (who === '') return undefined;
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
};

/** Sysctl → the first minor version in which it counts as safe. */
const safeSysctls = new Map([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'].map(
    (name) => [name, 0] as const,
  ),
  ...['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'].map((name) => [name, 0] as const),
  ['net.ipv4.ip_local_reserved_ports', 27],
  ...['keepalive_time', 'fin_timeout', 'keepalive_intvl', 'keepalive_probes'].map(
    (name) => [`net.ipv4.tcp_${name}`, 29] as const,
  ),
  ...['rmem', 'wmem'].map((name) => [`net.ipv4.tcp_${name}`, 32] as const),
]);

const sysctls = ({ pod }: Subject, minor: number): Violation | undefined => {
  const names = (pod.sysctls ?? []).map(({ name = '' }) => name);
  const unsafe = names.filter((name) => (safeSysctls.get(name) ?? Number.POSITIVE_INFINITY) > minor);
  return unsafe.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: unsafe.join(', ') };
};

const privileged = (subject: Subject): Violation | undefined => {
  const names = failing(subject, ({ privileged: wanted }) => wanted === true);
  if (names.length === 0) return undefined;
  return { reason: 'privileged', detail: `${listed(names)} must not set securityContext.privileged=true` };
};

const procMount = (subject: Subject): Violation | undefined => {
  const isBad = ({ procMount: wanted = 'Default' }: SecurityContext): boolean => wanted !== 'Default';
  const names = failing(subject, isBad);
  if (names.length === 0) return undefined;
  const bad = subject.containers.map(({ security }) => security).filter(isBad);
  const types = unique(bad.map(({ procMount: wanted = '' }) => wanted));
  return { reason: 'procMount', detail: `${listed(names)} must not set securityContext.procMount to ${quoted(types)}` };
};

/** Sorted by the original's names of the checks. */
export const baseline: readonly Check[] = [
  { since: 0, run: appArmor },
  {
    since: 0,
    isCovered: true,
    run: (subject) => {
      const detail = forbiddenAdditions(subject, capabilities);
      return detail === undefined ? undefined : { reason: 'non-default capabilities', detail };
    },
  },
  { since: 0, run: hostNamespaces },
  { since: 0, isCovered: true, run: hostPaths },
  { since: 0, run: hostPorts },
  { since: 0, run: privileged },
  { since: 0, run: procMount },
  { since: 0, run: seLinux },
  { since: 19, isCovered: true, run: seccomp },
  { since: 0, run: sysctls },
];
