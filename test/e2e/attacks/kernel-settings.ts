// Attempts on settings of the kernel, which are the same for all programs of the machine.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Attack } from './attack.ts';

const folder = '/proc/sys/user';
const userLimits = (): Readonly<Record<string, string>> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8').trim()]));

export const kernelSettings: readonly Attack[] = [
  { what: "set the machine's core_pattern", script: 'settings sys/kernel/core_pattern sys/kernel/core_pipe_limit' },
  {
    what: 'choose the programs that the kernel starts by itself',
    script: `settings sys/kernel/modprobe sys/kernel/poweroff_cmd sys/kernel/hotplug
      settings sys/kernel/usermodehelper/bset sys/kernel/usermodehelper/inheritable
      opens /sys/kernel/uevent_helper $work/sys/kernel/uevent_helper`,
  },
  {
    what: "switch off the kernel's own protections",
    script: `settings sys/kernel/randomize_va_space sys/kernel/kptr_restrict sys/kernel/dmesg_restrict
      settings sys/kernel/perf_event_paranoid sys/kernel/unprivileged_bpf_disabled sys/kernel/io_uring_disabled
      settings sys/kernel/yama/ptrace_scope sys/kernel/seccomp/actions_logged sys/vm/mmap_min_addr
      settings sys/fs/protected_symlinks sys/fs/protected_hardlinks sys/fs/suid_dumpable`,
  },
  {
    what: 'change how the kernel schedules, logs and panics',
    script: `settings sys/kernel/panic sys/kernel/panic_on_oops sys/kernel/printk sys/kernel/sched_rt_runtime_us
      settings sys/kernel/threads-max sys/kernel/watchdog sys/kernel/keys/root_maxkeys sys/kernel/ctrl-alt-del`,
  },
  {
    what: "change how the machine's memory is used",
    script: `settings sys/vm/overcommit_memory sys/vm/swappiness sys/vm/drop_caches sys/vm/panic_on_oom
      settings sys/vm/max_map_count sys/vm/min_free_kbytes sys/vm/dirty_ratio sys/vm/nr_hugepages`,
  },
  {
    what: "change the machine's limits of files",
    script:
      'settings sys/fs/file-max sys/fs/nr_open sys/fs/pipe-max-size sys/fs/aio-max-nr sys/fs/epoll/max_user_watches',
  },
  {
    what: 'change settings of the network that all namespaces share',
    script: `settings sys/net/netfilter/nf_conntrack_max sys/net/netfilter/nf_conntrack_buckets
      settings sys/net/core/bpf_jit_enable sys/net/core/dev_weight sys/net/ipv4/tcp_mem
      opens /sys/module/nf_conntrack/parameters/hashsize $work/sys/module/nf_conntrack/parameters/hashsize`,
  },
  {
    what: 'change the limits of namespaces and inotify of the users of the machine',
    // In a user namespace, the files are the namespace's own. So only a look from outside shows what was changed.
    script: `views; for proc in /proc $work/proc; do for file in $proc/sys/user/*; do
        value=$(cat $file) && echo $((value - 1)) > $file; refused "tried $file"
      done; done 2> /dev/null`,
    prepare: async () => {
      const before = userLimits();
      return {
        variables: { BEFORE: JSON.stringify(before) },
        [Symbol.asyncDispose]: async () => {
          const now = userLimits();
          for (const [name, value] of Object.entries(before))
            if (now[name] !== value) writeFileSync(`${folder}/${name}`, value);
        },
      };
    },
    escaped: async (_, prepared) => {
      const now = JSON.stringify(userLimits());
      return now === prepared?.variables?.BEFORE ? undefined : now;
    },
  },
  { what: 'press a key of sysrq', script: 'settings sysrq-trigger sys/kernel/sysrq' },
  {
    what: 'register a binary format of the machine',
    // The kernel forgets a format when the last mount is gone, so the machine looks while the script holds its mount.
    script: `mkdir -p $work/binfmt; mount -t binfmt_misc none $work/binfmt 2> /dev/null
      for file in $work/binfmt/register /proc/sys/fs/binfmt_misc/register; do
        (echo ":$FORMAT:M::$FORMAT::/bin/false:" > $file) 2> /dev/null; refused "tried $file"
      done; hold`,
    prepare: async ({ host, id }) => ({
      variables: { FORMAT: `labs-${id}` },
      [Symbol.asyncDispose]: async () => {
        await host.sh(`${atBinfmt} [ ! -e labs-${id} ] || echo -1 > labs-${id}'`);
      },
    }),
    meanwhile: async ({ host, id }) =>
      (await host.sh(`${atBinfmt} cat labs-${id}'`)).exitCode === 0
        ? `the machine has the format labs-${id}`
        : undefined,
  },
  {
    what: "write to the machine's sysfs",
    script: `views; shopt -s nullglob; for sys in /sys $work/sys; do
        opens $sys/kernel/mm/transparent_hugepage/enabled $sys/kernel/mm/ksm/run $sys/kernel/profiling
        opens $sys/block/*/queue/read_ahead_kb $sys/block/*/uevent $sys/devices/system/cpu/cpu1/online
        opens $sys/bus/pci/rescan $sys/bus/*/drivers_probe $sys/power/pm_async
        opens $sys/module/firmware_class/parameters/path $sys/module/{kernel,printk,ip_set,overlay}/parameters/*
      done`,
  },
  {
    what: "mount the file systems of the kernel's own tools",
    script: `for type in tracefs debugfs securityfs configfs pstore efivarfs fusectl resctrl devtmpfs; do
        mkdir -p $work/$type; attempt mount -t $type none $work/$type
      done`,
  },
];

/** The format is registered in the machine's own instance. A mount in a namespace of its own leaves nothing behind. */
const atBinfmt = "unshare --mount sh -c 'mount -t binfmt_misc none /mnt && cd /mnt &&";
