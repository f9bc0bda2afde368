// Which system calls the programs of a machine may make. The kernel's filter stays with all processes of the container.
// A call that is not listed fails with EPERM, a call that is newer than this list with ENOSYS.

/**
 * What ordinary programs need, as in Docker's own profile. Not in it: kernel modules, the clock, keyrings (they are not
 * separate for each user namespace), bpf, perf, userfaultfd, io_uring, kexec, swap, file handles, the kernel's log,
 * NUMA policies, and calls that no program of today makes.
 */
const ordinary = `
  accept accept4 access alarm arch_prctl bind brk cachestat capget capset chdir chmod chown clock_getres
  clock_gettime clock_nanosleep clone clone3 close close_range connect copy_file_range creat dup dup2 dup3
  epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit
  exit_group faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl
  fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync ftruncate futex futex_requeue
  futex_wait futex_waitv futex_wake futimesat get_robust_list getcpu getcwd getdents getdents64 getegid geteuid
  getgid getgroups getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid
  getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getxattr getxattrat inotify_add_watch
  inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit
  ioctl ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lgetxattr
  link linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lsm_get_self_attr
  lsm_list_modules lstat madvise map_shadow_stack membarrier memfd_create mincore mkdir mkdirat mknod mknodat mlock
  mlock2 mlockall mmap mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink mremap mseal
  msgctl msgget msgrcv msgsnd msync munlock munlockall munmap nanosleep newfstatat open openat openat2 pause
  pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll prctl pread64
  preadv preadv2 prlimit64 process_madvise process_mrelease process_vm_readv process_vm_writev pselect6 ptrace
  pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmsg removexattr
  removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
  rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
  semtimedop sendfile sendmmsg sendmsg sendto set_robust_list set_tid_address setfsgid setfsuid setgid setgroups
  setitimer setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setsockopt setuid setxattr
  setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 socketpair splice stat statfs
  statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
  timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times tkill truncate
  umask uname unlink unlinkat utime utimensat utimes vfork vmsplice wait4 waitid write writev
`;

/** What Docker's profile gives to nobody without CAP_SYS_ADMIN. Root of a machine has it in a user namespace. */
const ofMachines = {
  // systemd gives units private mounts, crun makes the root file systems of pods, `ip netns` binds namespaces.
  mounts: 'mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr',
  // The machine itself, pods, `ip netns exec`, `nsenter`.
  namespaces: 'unshare setns',
  // systemd sets the name of the machine, and halts it. It ends only the machine's own process-id namespace.
  machine: 'sethostname setdomainname reboot',
  // systemd compares mounts and files.
  files: 'name_to_handle_at fanotify_init fanotify_mark kcmp',
};

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly { readonly index: number; readonly value: number; readonly op: string }[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const allow = (names: readonly string[], args?: Rule['args']): Rule => ({
  names,
  action: 'SCMP_ACT_ALLOW',
  ...(args ? { args } : {}),
});

/** `personality(2)`: Linux, 32 bit, and only asking. */
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/**
 * AF_ALG and the newer address families reach kernel code that a machine does not need, AF_VSOCK the host of a virtual
 * machine (socket(2)). The filter compares 64 bits, of which the kernel then uses 32. So a rule that allows large
 * numbers would allow each family.
 */
const afAlg = 38;

/** In the form of the engine's option `seccomp=`. Only the machine's own architecture: no 32-bit calls. */
export const seccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  syscalls: [
    allow([...words(ordinary), ...Object.values(ofMachines).flatMap(words)]),
    ...personalities.map((value) => allow(['personality'], [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
    allow(['socket'], [{ index: 0, value: afAlg, op: 'SCMP_CMP_LT' }]),
  ] satisfies readonly Rule[],
};
