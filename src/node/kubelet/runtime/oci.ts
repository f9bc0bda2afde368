// Computes a container's OCI runtime configuration (runtime-spec 1.0, config.json). Pure.
import { join } from 'node:path';
import type { CgroupView } from '../../sys/cgroup.ts';
import type { ContainerSpec } from './runtime.ts';
import { defaultFilter } from './seccomp.ts';

export interface SharedIpc {
  readonly path: string;
  /** A folder. */
  readonly sharedMemory: string;
}

export interface OciContext {
  /** Absent for a pod on the node's network. */
  readonly netns?: string;
  /** The folders of the container's control group, by their place below /sys/fs/cgroup. */
  readonly cgroups?: readonly CgroupView[];
  /** A process namespace that exists. Without it, the container gets its own. */
  readonly pidns?: string;
  /** The IPC namespace of the pod. Without it, the container gets its own. */
  readonly ipc?: SharedIpc;
  readonly hostIpc?: boolean;
  readonly rootfs: string;
  /** The capabilities that processes on this node can have. crun fails when a container asks for any other. */
  readonly bounding: ReadonlySet<string>;
  /** How many users and groups the node has, from 0 upwards. */
  readonly groupIds: number;
}

/** The default capabilities of Docker, containerd and CRI-O. */
const defaultCapabilities = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
];

/** @throws Error when a user or group of the container does not exist in the node's user namespace */
export const ociConfig = (spec: ContainerSpec, context: OciContext): Record<string, unknown> => ({
  ociVersion: '1.0.0',
  hostname: spec.hostname,
  process: {
    terminal: spec.terminal,
    user: userIn(spec, context),
    args: spec.args,
    env: spec.env,
    cwd: spec.cwd,
    noNewPrivileges: spec.noNewPrivileges,
    oomScoreAdj: spec.oomScoreAdj,
    capabilities: capabilitySets(spec, context),
  },
  root: { path: context.rootfs, readonly: spec.readOnlyRoot },
  mounts: [
    ...systemMounts(spec),
    ...cgroupMounts(context),
    sharedMemory(context),
    ...parentsFirst(spec.mounts).map(bind),
  ],
  linux: {
    namespaces: namespacesOf(spec, context),
    sysctl: { ...(context.netns === undefined ? {} : networkDefaults(context)), ...spec.sysctls },
    ...rootPropagation(spec.mounts),
    ...seccompOf(spec, context),
    ...(spec.privileged ? {} : { maskedPaths, readonlyPaths }),
  },
});

const userIn = ({ user: { uid, gid, additionalGids } }: ContainerSpec, { groupIds }: OciContext) => {
  const unknown = [uid, gid, ...additionalGids].find((id) => id >= groupIds);
  if (unknown !== undefined)
    throw new Error(`the user or group ${unknown} does not exist on this node, whose ids end at ${groupIds - 1}`);
  return { uid, gid, additionalGids };
};

/** As in containerd, a process that is not root may listen on port 80 and send pings. */
const networkDefaults = ({ groupIds }: OciContext) => ({
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': `0 ${Math.min(groupIds - 1, 2147483647)}`,
});

const namespacesOf = (spec: ContainerSpec, { netns, pidns, ipc, hostIpc }: OciContext) => [
  ...(spec.processes === 'node' ? [] : [{ type: 'pid', ...(pidns === undefined ? {} : { path: pidns }) }]),
  ...(hostIpc ? [] : [{ type: 'ipc', ...(ipc === undefined ? {} : { path: ipc.path }) }]),
  { type: 'mount' },
  { type: 'uts' },
  ...(netns === undefined ? [] : [{ type: 'network', path: netns }]),
];

/** A program finds its limits below /sys/fs/cgroup: Java and Node.js choose the size of their memory by them. */
const cgroupMounts = ({ cgroups = [] }: OciContext) =>
  cgroups.map(({ folder, name }) => ({
    destination: join('/sys/fs/cgroup', name),
    type: 'bind',
    source: folder,
    options: ['bind', 'rprivate', 'ro', 'nosuid', 'noexec', 'nodev'],
  }));

const sharedMemory = ({ ipc, hostIpc }: OciContext) => {
  const destination = '/dev/shm';
  const folder = hostIpc ? destination : ipc?.sharedMemory;
  const safe = ['nosuid', 'noexec', 'nodev'];
  return folder === undefined
    ? { destination, type: 'tmpfs', source: 'shm', options: [...safe, 'mode=1777', 'size=65536k'] }
    : { destination, type: 'bind', source: folder, options: ['rbind', 'rprivate', ...safe] };
};

const capabilitySets = (spec: ContainerSpec, { bounding }: OciContext): Record<string, string[]> => {
  const granted = grantedCapabilities(spec, bounding).map((name) => `CAP_${name}`);
  // execve(2) gives capabilities to root only. The bounding set lets setuid programs work for other users.
  const effective = spec.user.uid === 0 ? granted : [];
  return { bounding: granted, effective, permitted: effective };
};

const seccompOf = (spec: ContainerSpec, { bounding }: OciContext) => {
  if (spec.seccomp !== 'default') return spec.seccomp ? { seccomp: spec.seccomp } : {};
  return { seccomp: defaultFilter(new Set(grantedCapabilities(spec, bounding)), process.arch) };
};

const plain = (name: string): string => name.toUpperCase().replace(/^CAP_/, '');

/** @returns the capabilities that the container asks for and that no container of this node can have */
export const missingCapabilities = ({ addCapabilities }: ContainerSpec, bounding: ReadonlySet<string>): string[] =>
  addCapabilities.map(plain).filter((name) => name !== 'ALL' && !bounding.has(name));

const grantedCapabilities = (spec: ContainerSpec, bounding: ReadonlySet<string>): string[] => {
  if (spec.privileged) return [...bounding];
  const drop = new Set(spec.dropCapabilities.map(plain));
  const add = spec.addCapabilities.map(plain);
  const unknown = add.find((name) => name !== 'ALL' && !capabilityNames.includes(name));
  if (unknown !== undefined) throw new Error(`unknown capability "CAP_${unknown}"`);
  const base = drop.has('ALL') ? [] : add.includes('ALL') ? [...bounding] : defaultCapabilities;
  const wanted = new Set([...base.filter((name) => !drop.has(name)), ...add.filter((name) => name !== 'ALL')]);
  return [...wanted].filter((name) => bounding.has(name));
};

const systemMounts = (spec: ContainerSpec) => [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/sys',
    type: 'sysfs',
    source: 'sysfs',
    options: ['nosuid', 'noexec', 'nodev', spec.privileged ? 'rw' : 'ro'],
  },
];

type Mounts = ContainerSpec['mounts'];

/** A mount hides what was mounted below its path before. */
const parentsFirst = (mounts: Mounts): Mounts => {
  const depth = (path: string): number => path.split('/').filter(Boolean).length;
  return mounts.toSorted((a, b) => depth(a.target) - depth(b.target));
};

const propagations = { HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

const bind = ({ source, target, readOnly, recursiveReadOnly, propagation }: Mounts[number]) => ({
  destination: target,
  type: 'bind',
  source,
  options: [
    'rbind',
    propagation ? propagations[propagation] : 'rprivate',
    readOnly ? (recursiveReadOnly ? 'rro' : 'ro') : 'rw',
  ],
});

/** By default, crun makes all mounts of a container private. */
const rootPropagation = (mounts: Mounts) => {
  const wanted = new Set(mounts.map(({ propagation }) => propagation));
  if (wanted.has('Bidirectional')) return { rootfsPropagation: 'rshared' };
  return wanted.has('HostToContainer') ? { rootfsPropagation: 'rslave' } : {};
};

const maskedPaths = [
  ...['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'],
  ...['/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'],
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** @param status the content of /proc/self/status. @returns the names in `CapBnd`, without `CAP_` */
export const parseBoundingSet = (status: string): Set<string> => {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return new Set(capabilityNames.filter((_, bit) => (mask >> BigInt(bit)) & 1n));
};

/** The index is the capability's number in linux/capability.h. */
const capabilityNames = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP'],
  ...['LINUX_IMMUTABLE', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER'],
  ...['SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE'],
  ...['SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP'],
  ...['MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF'],
  'CHECKPOINT_RESTORE',
];
