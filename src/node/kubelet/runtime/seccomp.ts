// The filter for system calls that `seccompProfile: RuntimeDefault` means. It refuses what Docker and containerd refuse
// by default: calls that change the machine, and calls that need a capability that the container does not have. Pure.

/** A filter in the form of the OCI runtime specification. */
export interface SeccompFilter {
  readonly defaultAction: string;
  readonly [field: string]: unknown;
}

/** Calls that no container needs. */
const never =
  'add_key create_module get_kernel_syms io_uring_enter io_uring_register io_uring_setup kexec_file_load kexec_load ' +
  'keyctl nfsservctl pivot_root query_module request_key swapoff swapon sysfs uselib userfaultfd ustat vm86 vm86old';

/** Calls that a container may make if it has the capability. */
const byCapability: Readonly<Record<string, string>> = {
  SYS_ADMIN:
    'bpf fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree ' +
    'perf_event_open quotactl quotactl_fd setdomainname sethostname setns umount umount2 unshare',
  SYS_BOOT: 'reboot',
  SYS_MODULE: 'delete_module finit_module init_module',
  SYS_NICE: 'get_mempolicy mbind move_pages set_mempolicy set_mempolicy_home_node',
  SYS_PACCT: 'acct',
  SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev',
  SYS_RAWIO: 'ioperm iopl',
  SYS_TIME: 'clock_settime settimeofday stime',
  SYS_TTY_CONFIG: 'vhangup',
  SYSLOG: 'syslog',
  DAC_READ_SEARCH: 'open_by_handle_at',
};

/** The flags of clone(2) that make namespaces: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const namespaceFlags = [17, 25, 26, 27, 28, 29, 30].map((bit) => 2 ** bit);

const [EPERM, ENOSYS] = [1, 38];

const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/** @param capabilities of the container, without `CAP_` */
export const defaultFilter = (capabilities: ReadonlySet<string>, architecture: string): SeccompFilter => {
  const lacking = Object.entries(byCapability).filter(([capability]) => !capabilities.has(capability));
  const names = [never, ...lacking.map(([, calls]) => calls)].join(' ').split(' ').sort();
  const refuse = (calls: string[], errnoRet: number, args: readonly object[] = []) => ({
    names: calls,
    action: 'SCMP_ACT_ERRNO',
    errnoRet,
    ...(args.length > 0 ? { args } : {}),
  });
  const mayMakeNamespaces = capabilities.has('SYS_ADMIN');
  const flag = (value: number) => [{ index: 0, value, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }];
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    architectures: architectures[architecture] ?? [],
    syscalls: [
      refuse(names, EPERM),
      ...(mayMakeNamespaces ? [] : namespaceFlags.map((value) => refuse(['clone'], EPERM, flag(value)))),
      // A filter cannot read the flags of clone3, which lie in memory. Programs then use clone.
      ...(mayMakeNamespaces ? [] : [refuse(['clone3'], ENOSYS)]),
    ],
  };
};
