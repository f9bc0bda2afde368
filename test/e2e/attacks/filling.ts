// Attempts to use up what the machine has. Each one is bounded a little above the limit of a node.
import { stat } from 'node:fs/promises';
import { run } from '../cli-support.ts';
import { ok } from '../graded-lab.ts';
import { type Attack, type Place, perl, places } from './attack.ts';
import type { NodeContainer } from './container.ts';

/** What a look from outside needs. */
export interface Filled {
  readonly lab: string;
  readonly machine: string;
  readonly container: NodeContainer;
  readonly host: (script: string) => ReturnType<typeof run>;
}

export interface Filling extends Pick<Attack, 'what' | 'script'> {
  /** Default: a node. */
  readonly from?: readonly Place[];
  /** Before the script. @returns a value that the look gets */
  readonly before?: (filled: Filled) => number;
  /** From outside, while the script waits in `hold`. @returns what the attempt has reached, or nothing */
  readonly meanwhile?: (filled: Filled, before: number) => Promise<string | undefined>;
  /** The script may end with its node. */
  readonly endsNode?: boolean;
}

const openFiles = 300_000;

export const fillings: readonly Filling[] = [
  {
    what: 'more processes than the limit of the node',
    from: places,
    script: perl(`
      my @made;
      while (@made < 6000) {
        my $made = fork; last unless defined $made;
        if (!$made) { sleep 120; exit }
        push @made, $made;
      }
      print @made < 6000 ? 'refused' : 'escaped', ': ', scalar(@made), " processes\\n"; hold; kill 9, @made;`),
    meanwhile: async ({ host, container }) => {
      const limited = Object.entries(container.limits()).filter(([path]) => path.endsWith('pids.max'));
      if (!limited.some(([, value]) => /^\d+$/.test(value))) return 'no cgroup limits the processes of the node';
      return (await host('true')).exitCode === 0 ? undefined : 'the machine starts no processes';
    },
  },
  {
    what: 'more memory than the limit of the node',
    script: `${perl('my ($piece, @all) = (64 << 20); push @all, "x" x $piece for 1 .. 48; print "has 3 GiB\\n";')}
      [ $? = 0 ] && escaped 'a program has 3 GiB' || refused 'the program was ended'`,
  },
  {
    what: 'more memory by a tmpfs than the limit of the node',
    // When the script ends, its mount namespace and the tmpfs end, too.
    script: `mkdir -p $work/tmpfs; mount -t tmpfs -o size=16g none $work/tmpfs; echo 'refused: tries'
      dd if=/dev/zero of=$work/tmpfs/zeros bs=1M count=3072 status=none && escaped 'a tmpfs has 3 GiB'`,
    endsNode: true,
  },
  {
    what: 'memory of the kernel that is not counted, by open files',
    script: perl(`
      my $total = 0; my $part = 5000; my @made;
      for (1 .. ${openFiles} / $part) {
        pipe my $reader, my $writer or last; my $made = fork // last;
        if (!$made) {
          my @open; for (1 .. $part) { open my $file, '<', '/dev/null' or last; push @open, $file }
          syswrite $writer, pack 'L', scalar @open; sleep 120; exit;
        }
        push @made, $made; sysread $reader, my $count, 4; $total += unpack 'L', $count;
      }
      print "refused: $total open files\\n"; hold; kill 9, @made;`),
    before: ({ container }) => container.memory(),
    meanwhile: async ({ container }, before) => {
      const grown = container.memory() - before;
      // An open file takes at least 160 bytes of the kernel.
      return grown > openFiles * 160 ? undefined : `the node's memory has grown by only ${grown} bytes`;
    },
  },
  {
    what: "the machine's instances of inotify",
    from: places,
    script: perl(`
      my $made = 0; $made += 1 while $made < 100_000 && call('inotify_init1', 0) != -1;
      print "refused: $made instances: $!\\n"; hold;`),
    meanwhile: async ({ host }) => {
      const { stdout } = await host(perl(`verdict('inotify_init1', call('inotify_init1', 0));`));
      return stdout.startsWith('escaped') ? undefined : `root of the machine cannot watch files: ${stdout}`;
    },
  },
  {
    what: "the machine's table of connections",
    script: `${perl(`
      open my $file, '<', '/proc/sys/net/netfilter/nf_conntrack_max';
      my $most = <$file> + 10_000; $most = 400_000 if $most > 400_000;
      socket my $socket, PF_INET, SOCK_DGRAM, 0;
      for my $each (1 .. $most) {
        send $socket, '', 0, sockaddr_in(1 + $each % 65535, pack 'C4', 127, 9, 0, 1 + int($each / 65535));
      }`)}
      count=$(conntrack -C) || echo 'broken: conntrack'; most=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
      way "$count of $most connections" [ "$count" -gt $most ]; hold; conntrack -F 2> /dev/null`,
    meanwhile: async ({ host }) => {
      const { stdout } = await host('cat /proc/sys/net/netfilter/nf_conntrack_count');
      return Number(stdout) < 200_000 ? undefined : `the machine has ${stdout} connections`;
    },
  },
  {
    what: "the machine's disk by the log of the container",
    script: `for file in /proc/1/fd/1 /proc/1/fd/2 /dev/console /dev/kmsg; do
        (timeout 5 head -c 8M /dev/zero | tr '\\0' '\\n' > $file) 2> /dev/null; refused "tried $file"
      done; hold`,
    meanwhile: async ({ lab }) => {
      const list = await ok(run(['docker', 'ps', '--quiet', '--filter', `label=labs.name=${lab}`]));
      const paths = await ok(run(['docker', 'inspect', '--format', '{{.LogPath}}', ...list.stdout.split('\n')]));
      const sizes = await Promise.all(paths.stdout.split('\n').map(async (path) => (await stat(path)).size));
      return Math.max(...sizes) < 3 * 2 ** 20 ? undefined : `a log has ${Math.max(...sizes)} bytes`;
    },
  },
  {
    what: "the node's memory or disk by the journal",
    script: `yes "$(head -c 500 /dev/zero | tr '\\0' x)" | head -c 64M | timeout 30 systemd-cat -t labs-attack
      journalctl --sync 2> /dev/null
      used=$(du -sm --total /run/log/journal /var/log/journal 2> /dev/null | tail -n 1 | cut -f 1)
      way "the journal has $used MiB" [ "$used" -ge 48 ]`,
  },
  {
    what: "the machine's disk by files in the node",
    // A file of 1.5 GiB, in each folder and in each file that comes from a disk. The script removes it at once.
    script: `try() {
        way "1.5 GiB in $1" fallocate --length 1536M "$1"
      }
      for folder in / /root /var/tmp /var/log /var/lib/kubelet /home /etc; do
        try $folder/labs-big; rm -f $folder/labs-big
      done
      findmnt --list --noheadings --output TARGET,FSTYPE | while read -r target type; do
        # A pod's root file system has its files on a tmpfs, so they count as memory.
        case $target in /run/*) continue;; esac
        case $type in
          ext*|xfs|btrfs|overlay|zfs)
            if [ -f "$target" ]; then size=$(stat -c %s "$target"); try "$target"; truncate --size $size "$target"
            else try "$target/labs-big"; rm -f "$target/labs-big"; fi;;
        esac
      done`,
  },
  {
    what: 'the time of the machine, by a restart',
    script: `case $(readlink /proc/self/ns/pid) in
        pid:\\[4026531836\\]) escaped 'it is in the pid namespace of the machine';;
        *) echo 'refused: tries'; sync; ${perl(`call('reboot', 0xfee1dead, 672274793, 0x01234567, 0);`)}
      esac`,
    endsNode: true,
  },
];
