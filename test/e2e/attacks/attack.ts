// What an attempt to leave a node is, and the shell and Perl that all attempts share.
import type { World } from './world.ts';

/** Where root of a lab tries. The pod is as mighty as a student can make one: privileged, with the node's processes. */
export type Place = 'node' | 'privileged pod';
export const places: readonly Place[] = ['node', 'privileged pod'];

export interface Attack {
  /** Completes "root in a node cannot …". */
  readonly what: string;
  /** Default: all places. */
  readonly from?: readonly Place[];
  /**
   * Bash. It prints `refused: …` for each way that is closed, and `escaped: …` for each that is open. A script that
   * prints neither has not tried, and fails the test. Whoever prints the secret of the machine has escaped, too.
   */
  readonly script: string;
  /** Runs on the machine before the script, and sets more variables for it. Disposed of after the script. */
  readonly prepare?: (world: World) => Promise<Prepared>;
  /** Looks at the machine from outside after the script. @returns what the attack has reached, or nothing */
  readonly escaped?: (world: World, prepared: Prepared | undefined) => Promise<string | undefined>;
  /** The same, while the script waits in the function `hold`. */
  readonly meanwhile?: (world: World, prepared: Prepared | undefined) => Promise<string | undefined>;
}

export interface Prepared extends AsyncDisposable {
  readonly variables?: Readonly<Record<string, string>>;
}

/**
 * - `attempt COMMAND…` has escaped if the command succeeds. `way NAME COMMAND…` is the same, and prints the name.
 * - `opens FILE…` has escaped if a file opens for writing. It writes nothing. `reads NAME FILE` opens it for reading.
 * - `views` makes /proc and /sys writable, and mounts both anew below `$work`.
 * - `device TYPE MAJOR MINOR` makes a device node, and prints its path.
 * - `hold` says that the attempt is made, and waits until the test has looked from outside.
 */
const shellPrelude = `
work=/run/labs-attack-$$; mkdir -p $work; trap 'rm -f /dev/labs-device-$$ /root/labs-device-$$' EXIT
escaped() { echo "escaped: $*"; }
refused() { echo "refused: $*"; }
attempt() {
  local said code; said=$("$@" 2>&1); code=$?
  case $code in 0) escaped "$*";; 126|127) echo "broken: $*: $said";; *) refused "$*: $said";; esac
}
way() {
  local name=$1; shift; ("$@") > /dev/null 2>&1
  case $? in 0) escaped "$name";; 126|127) echo "broken: $*";; *) refused "$name";; esac
}
open_to_write() { [ -e "$1" ] && exec 3>> "$1"; }
open_to_read() { exec 3< "$1"; }
opens() { local file; for file in "$@"; do way "opens $file" open_to_write "$file"; done; }
reads() { way "opens $1" open_to_read "$2"; }
connects() { way "connects to $1:$2" timeout 0.2 bash -c "exec 3<> /dev/tcp/$1/$2"; }
views() {
  mkdir -p $work/proc $work/sys
  mount -o remount,bind,rw /proc/sys; mount -o remount,rw /proc; mount -o remount,bind,rw /sys; mount -o remount,rw /sys
  mount -t proc proc $work/proc; mount -t sysfs sysfs $work/sys
} 2> /dev/null
settings() { views; local name; for name in "$@"; do opens /proc/$name $work/proc/$name; done; }
device() {
  local folder; for folder in /dev /root; do
    rm -f $folder/labs-device-$$
    if mknod $folder/labs-device-$$ "$@" 2> /dev/null; then echo $folder/labs-device-$$; return; fi
  done; echo /dev/labs-no-device
}
allow_devices() {
  mkdir -p $work/devices; mount -t cgroup -o devices none $work/devices
  for file in /sys/fs/cgroup/devices/devices.allow $work/devices/devices.allow; do echo 'a *:* rwm' > $file; done
} 2> /dev/null
hold() { echo holding; read -r _; }
`;

/** A pod has the programs of its image. A student takes those of the node from a hostPath volume. */
const podPrelude = `
machine=$(uname -m)
export LD_LIBRARY_PATH=/node/usr/lib/$machine-linux-gnu PATH=$PATH:/node/usr/bin:/node/usr/sbin
export PERL5LIB=/node/usr/lib/$machine-linux-gnu/perl-base:/node/usr/share/perl5`;

/** The command that runs the attempt in a mount namespace of its own, so that no mount of an attempt stays. */
export const commandOf = (place: Place, script: string, variables: Readonly<Record<string, string>>): string[] => {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  const prelude = place === 'node' ? '' : podPrelude;
  const inner = `${exports.join('\n')}\n${shellPrelude}\n${script}\n`;
  const outer = `${prelude}\nunshare --mount true 2> /dev/null && exec unshare --mount bash -c "$0"; exec bash -c "$0"`;
  return ['bash', '-c', outer, inner];
};

/** System calls by name: their numbers on x86-64 and on arm64. */
const numbers = {
  ...{
    add_key: [248, 217],
    adjtimex: [159, 171],
    bpf: [321, 280],
    delete_module: [176, 106],
    fanotify_init: [300, 262],
  },
  ...{ fanotify_mark: [301, 263], finit_module: [313, 273], inotify_init1: [294, 26], io_uring_setup: [425, 425] },
  ...{ iopl: [172, -1], kexec_load: [246, 104], keyctl: [250, 219], open_by_handle_at: [304, 265] },
  ...{ perf_event_open: [298, 241], ptrace: [101, 117], quotactl_fd: [443, 443], reboot: [169, 142] },
  ...{ shmat: [30, 196], shmctl: [31, 195], shmget: [29, 194], swapon: [167, 224], syslog: [103, 116] },
  ...{ userfaultfd: [323, 282] },
};

const perlPrelude = `
use strict; use warnings; use POSIX (); use Socket; $| = 1;
my $arm = (POSIX::uname())[4] eq 'aarch64' ? 1 : 0;
my %number = (${Object.entries(numbers)
  .map(([name, [x64, arm64]]) => `${name} => [${x64}, ${arm64}]`)
  .join(', ')});
sub call { my ($name, @given) = @_; $! = 0; return syscall($number{$name}[$arm], @given) }
# As in the shell. The program itself comes from standard input.
sub hold { print "holding\\n"; open my $test, '<&=', 5; readline $test }
sub verdict { my ($what, $result) = @_; print $result == -1 ? "refused: $what: $!\\n" : "escaped: $what\\n" }
# The kernel asks for the right before it looks at the arguments. An error other than EPERM, EACCES and ENOSYS
# proves the right.
sub right {
  my ($what, $result) = @_; my $error = $! + 0;
  print((grep { $result == -1 && $error == $_ } 1, 13, 38) ? "refused: $what: $!\\n" : "escaped: $what ($!)\\n");
}
`;

/** A Perl program for a script. It can make system calls that no tool makes. */
export const perl = (program: string): string => `perl - 5<&0 <<'END_OF_PERL'\n${perlPrelude}\n${program}\nEND_OF_PERL`;
