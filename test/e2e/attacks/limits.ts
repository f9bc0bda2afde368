// Attempts of a node to lift the limits that the machine has set it.
import type { Attack } from './attack.ts';

/** Writes the highest value into each such file at the top of each cgroup hierarchy. */
const lift = (names: string): string => `
  for options in memory cpu pids cpuset blkio; do
    mkdir -p $work/$options; mount -t cgroup -o $options none $work/$options
  done 2> /dev/null
  mkdir -p $work/unified; { mount -t cgroup2 none $work/unified; mount -o remount,rw /sys/fs/cgroup; } 2> /dev/null
  for folder in $work/* $work/*/.. /sys/fs/cgroup /sys/fs/cgroup/* /run/kubelet/cgroup/* /proc/1/root/sys/fs/cgroup; do
    for name in ${names}; do for value in max -1; do
      [ -e $folder/$name ] || continue
      mount -o remount,bind,rw $folder 2> /dev/null; (echo $value > $folder/$name) 2> /dev/null
      refused "tried $folder/$name"
    done; done
  done
  refused 'tried all hierarchies'`;

const lifts = (what: string, names: string): Attack => ({
  what: `lift its limit of ${what}`,
  script: lift(names),
  prepare: async ({ container }) => {
    const node = await container('node01');
    const before = await node.limits();
    return {
      variables: { BEFORE: JSON.stringify(before) },
      [Symbol.asyncDispose]: () => node.restore(before),
    };
  },
  escaped: async ({ container }, prepared) => {
    const now = JSON.stringify(await (await container('node01')).limits());
    return now === prepared?.variables?.BEFORE ? undefined : `${prepared?.variables?.BEFORE} became ${now}`;
  },
});

export const limits: readonly Attack[] = [
  lifts('memory', 'memory.memsw.limit_in_bytes memory.limit_in_bytes memory.max memory.swap.max memory.high'),
  lifts('processor time', 'cpu.cfs_quota_us cpu.max'),
  lifts('processes', 'pids.max'),
  {
    what: 'open more files in a process than the machine lets it',
    script: `more=$(($(ulimit -H -n) * 2)); attempt bash -c "ulimit -n $more"; attempt prlimit --nofile=$more true`,
  },
];
