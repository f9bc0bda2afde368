import { describe, expect, test } from 'vitest';
import { seccompProfile } from '../../../src/host/plan/seccomp.ts';

interface Condition {
  readonly index: number;
  readonly value: number;
  readonly op: string;
}
interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly Condition[];
}
const rules: readonly Rule[] = seccompProfile.syscalls;

const holds = ({ index, value, op }: Condition, given: readonly number[]): boolean => {
  const argument = given[index] ?? 0;
  if (op === 'SCMP_CMP_EQ') return argument === value;
  if (op === 'SCMP_CMP_LT') return argument < value;
  throw new Error(`this test does not know ${op}`);
};

/** As the kernel's filter: a call passes if one rule allows it. */
const passes = (name: string, ...given: number[]): boolean =>
  rules.some(({ names, args = [] }) => names.includes(name) && args.every((each) => holds(each, given)));

describe('the system calls of a machine', () => {
  test('that no rule allows, fail with EPERM', () => {
    expect(seccompProfile).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
    expect(new Set(rules.map(({ action }) => action))).toEqual(new Set(['SCMP_ACT_ALLOW']));
    expect(passes('no_such_call')).toBe(false);
  });

  test.each([
    ['make mounts', 'mount umount2 pivot_root chroot fsopen fsmount open_tree move_mount mount_setattr'],
    ['make and join namespaces', 'unshare setns clone clone3'],
    ['name and halt the machine', 'sethostname setdomainname reboot'],
    ['make nodes, owners and attributes of files', 'mknod mknodat chown fchownat setxattr name_to_handle_at'],
    ['change their user', 'setuid setgid setgroups setresuid capset prctl seccomp'],
    ['trace their own processes', 'ptrace process_vm_readv pidfd_open pidfd_getfd kcmp'],
  ])('let programs %s', (_, calls) => {
    expect(calls.split(' ').filter((name) => !passes(name))).toEqual([]);
  });

  test.each([
    ['kernel modules and other kernels', 'init_module finit_module delete_module kexec_load kexec_file_load'],
    ['programs in the kernel and its counters', 'bpf perf_event_open lookup_dcookie'],
    ['keyrings, which user namespaces share', 'keyctl add_key request_key'],
    ['interfaces with many defects', 'userfaultfd io_uring_setup io_uring_enter io_uring_register'],
    ['files outside of the mounts', 'open_by_handle_at'],
    ['the clock', 'settimeofday clock_settime clock_adjtime adjtimex stime'],
    ['swap, accounting and quotas', 'swapon swapoff acct quotactl quotactl_fd'],
    ["the kernel's log and ports", 'syslog ioperm iopl vhangup'],
    ['memory of other processors', 'mbind move_pages migrate_pages set_mempolicy get_mempolicy'],
    ['old calls', 'uselib ustat sysfs nfsservctl create_module query_module _sysctl vm86 modify_ldt'],
  ])('do not reach %s', (_, calls) => {
    expect(calls.split(' ').filter((name) => passes(name))).toEqual([]);
  });

  test.each([
    ['AF_UNIX', 1, true],
    ['AF_INET', 2, true],
    ['AF_INET6', 10, true],
    ['AF_NETLINK', 16, true],
    ['AF_PACKET', 17, true],
    ['AF_ALG', 38, false],
    ['AF_VSOCK', 40, false],
    ['AF_XDP', 44, false],
    ['AF_VSOCK with a bit that the kernel ignores', 2 ** 32 + 40, false],
    ['AF_ALG with a bit that the kernel ignores', 2 ** 32 + 38, false],
  ])('make sockets of the family %s: %j → %s', (_, family, allowed) => {
    expect(passes('socket', family)).toBe(allowed);
  });

  test('may only ask for the personality, or choose an ordinary one', () => {
    expect([0x0, 0x8, 0xffffffff].map((value) => passes('personality', value))).toEqual([true, true, true]);
    // ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC weaken programs.
    expect([0x0040000, 0x0400000].map((value) => passes('personality', value))).toEqual([false, false]);
  });

  test('are each listed once', () => {
    const names = rules.filter(({ args }) => !args).flatMap((rule) => rule.names);
    expect(new Set(names).size).toBe(names.length);
  });
});
