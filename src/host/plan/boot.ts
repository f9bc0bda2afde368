// How a machine starts. Its container is only a shell around it: read-only, without capabilities, and not what a
// student sees. The machine is a tree of processes in namespaces of its own below it, where root is an unprivileged
// user.
import { containerName } from './names.ts';
import type { PlannedFile } from './types.ts';

/** The container's folder for what belongs to one machine: an anonymous volume, which Docker removes with it. */
export const stateFolder = '/labs/state';
/** The root file system that all machines share. */
export const rootFolder = '/labs/root';
/** The pod images that all nodes share. */
export const imagesFolder = '/labs/images';
/** A layer of the machine's root file system: the files that labs puts into it. */
export const filesFolder = `${stateFolder}/files`;

const folder = '/run/labs';
const enterPath = `${stateFolder}/enter`;

/** Runs a command in the machine. As the command of an exec in its container, which is outside of the machine. */
export const inMachine = (command: readonly string[]): readonly string[] => ['/bin/sh', enterPath, ...command];

/**
 * Runs a command of the fabric in the network namespace of a machine. As the command of an exec in the fabric.
 * @param containerPid process 1 of the machine's container, which has the machine as its oldest child
 */
export const inNetworkOf = (containerPid: number, command: readonly string[]): readonly string[] => [
  '/bin/sh',
  '-c',
  // These files have no end of line, so `read` fails, and reads them all the same.
  [
    'read -r child others < /proc/$0/task/$0/children',
    'read -r init others < /proc/$child/task/$child/children',
    'exec nsenter --net=/proc/$init/ns/net -- "$@"',
  ].join('\n'),
  String(containerPid),
  ...command,
];

/** Removes the control groups of a cluster whose machines have ended. As the command of an exec in its fabric. */
export const removeGroups = (cluster: string): readonly string[] => [
  '/bin/sh',
  '-c',
  'find /run/labs-groups/unified/labs-machine-$0* -depth -type d -exec rmdir {} + 2> /dev/null',
  containerName(cluster, ''),
];

/** Starts the container. Its arguments are the machine's process 1. */
export const launchCommand = ['/bin/sh', `${stateFolder}/launch`] as const;

/** systemd halts in order on SIGRTMIN+3. The numbers are those of Linux with glibc (signal(7)). */
export const stopSignals = { systemd: 37, shell: 15 } as const;

/** What one machine needs of the scripts below. */
export interface BootOptions {
  /** Root's id outside. Absent: root of the machine is root of the engine's machine. */
  readonly ids?: number;
  /** What the machine may store, in MiB. */
  readonly diskMiB: number;
  /** The number of the signal that process 1 stops on. */
  readonly stopSignal: number;
  /** Files that each start renews. */
  readonly programs: readonly string[];
  /** A shell script for the namespaces of the machine. */
  readonly sysctls: string;
}

/** How many ids a machine has: 0 to 65535, as each Linux system. */
export const idsPerMachine = 65_536;

/** For all to read: an engine with userns-remap gives them another owner, and the container has no capability. */
export const bootFiles = (options: BootOptions): readonly PlannedFile[] => [
  {
    path: `${stateFolder}/programs`,
    mode: 0o444,
    content: options.programs.map((path) => `${path.slice(1)}\n`).join(''),
  },
  { path: `${stateFolder}/launch`, mode: 0o555, content: launch(options) },
  { path: `${stateFolder}/prepare`, mode: 0o555, content: prepare(options) },
  { path: `${stateFolder}/inner`, mode: 0o555, content: inner(options) },
  { path: enterPath, mode: 0o555, content: enter(options) },
];

const namespaces = '--mount --pid --net --ipc --uts --cgroup';

/**
 * Becomes the user that owns the machine's user namespace. Only this user may enter it, and the kernel counts what the
 * machine uses of shared limits, such as inotify, to this user and not to the engine's root (user_namespaces(7)).
 */
const asOwner = (ids: number): string => `setpriv --reuid=${ids} --regid=${ids} --clear-groups`;
const as = (ids: number | undefined): string => (ids === undefined ? '' : `${asOwner(ids)} `);

/**
 * Process 1 of the container. It waits for the fabric, then starts the machine below itself. It stays outside of the
 * machine's namespaces, because `docker exec` joins those of process 1.
 */
const launch = ({ ids, stopSignal }: BootOptions): string => `#!/bin/sh
mkdir -p ${folder}
for pipe in go run; do [ -p ${folder}/$pipe ] || mkfifo ${folder}/$pipe; done
stop() {
  if read -r init < ${folder}/init; then ${as(ids)}/bin/kill -${stopSignal} "$init"; else kill -9 "$child"; fi
} 2> /dev/null
trap stop TERM
(
  trap - TERM
  read -r go < ${folder}/go
  exec ${ids === undefined ? '' : `${as(ids)}nsenter --user=${folder}/user -- `}\\
    unshare ${namespaces} --fork --kill-child /bin/sh ${stateFolder}/inner "$@"
) &
child=$!
# A signal ends the wait, but not the machine.
code=0
while [ -e /proc/$child ]; do
  wait $child
  code=$?
done
exit $code
`;

/** Only the fabric runs it, in the container's namespaces of mounts and processes. Can be repeated. */
const prepare = ({ ids, diskMiB }: BootOptions): string => `#!/bin/sh
set -eu
mkdir -p ${folder}
exec 8> ${folder}/lock
flock 8
if [ -e ${folder}/done ]; then exit 0; fi
cd ${folder}
# What an interrupted run has left.
while read -r source at rest; do
  case $at in ${folder}/*) umount --lazy $at || true ;; esac
done < /proc/self/mounts
mkdir -p disk lower files images node
${
  ids === undefined
    ? 'owner=0'
    : `: > user
# Some systems let only CAP_SYS_ADMIN make a user namespace.
${asOwner(ids)} --inh-caps=+sys_admin --ambient-caps=+sys_admin unshare --user sleep 60 8>&- &
holder=$!
# After a failure, too: the fabric waits until nobody can write to it any more.
trap 'kill -9 $holder 2> /dev/null' EXIT
user_namespace() { readlink /proc/$1/ns/user; }
while [ "$(user_namespace $holder)" = "$(user_namespace self)" ]; do
  # What unshare has said is the reason, so nothing may be said after it.
  kill -0 $holder 2> /dev/null || exit 1
  sleep 0.01
done
for map in uid_map gid_map; do echo 0 ${ids} ${idsPerMachine} > /proc/$holder/$map; done
mount --bind /proc/$holder/ns/user user
owner=${ids}`
}
# An engine with userns-remap gives volumes to its own first id.
first=$(stat -c %u ${rootFolder})
case $first in
  $owner) map=rw ;;
  0) map=X-mount.idmap=${folder}/user ;;
  *) map=X-mount.idmap=b:$first:$owner:${idsPerMachine} ;;
esac

# A file system in a file, so that a machine that fills its disk does not fill the engine's.
image=${stateFolder}/disk
if [ ! -e $image ]; then
  rm -f $image.new
  truncate --size=${diskMiB}M $image.new
  mkfs.ext4 -q -m 0 -E root_owner=$owner:$owner,lazy_itable_init=1,lazy_journal_init=1 $image.new
  mv $image.new $image
fi
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
tries=0
until
  # Without a device node, losetup adds a word.
  read -r device lost <<END
$(losetup --find)
END
  [ -e $device ] || mknod $device b 7 \${device#/dev/loop}
  losetup $device $image 2> /dev/null
do
  # Another machine has taken the device.
  tries=$((tries + 1))
  if [ $tries -gt 50 ]; then losetup $device $image; exit 1; fi
done
mount -t ext4 -o discard,nodev $device disk
losetup --detach $device
rm -f $device
# The last one says that both are there.
if [ ! -e disk/work ]; then install -d -o $owner -g $owner disk/upper disk/work; fi

as_owner() { setpriv --reuid=$owner --regid=$owner --clear-groups "$@"; }

# The programs of labs are those of this start, also where a student has changed them. A student may have put links on
# the way to them, so the machine's own root removes the changed ones.
if [ -e disk/upper/usr ]; then
  (cd disk/upper && as_owner xargs rm -f < ${stateFolder}/programs)
fi

mount --bind -o $map ${rootFolder} lower
mount --bind -o $map ${filesFolder} files
mount -t overlay -o lowerdir=files:lower,upperdir=disk/upper,workdir=disk/work machine node
# A student may have put links where the next lines mount. They would lead to other folders of this container.
for at in dev proc sys var var/lib var/lib/images; do
  if [ -L node/$at ] || [ ! -d node/$at ]; then
    as_owner rm -f node/$at
    as_owner mkdir node/$at
  fi
done
if mountpoint -q ${imagesFolder}; then
  mount --bind -o $map ${imagesFolder} images
  mount --bind images node/var/lib/images
fi
# The kernel lets no user namespace make devices, so these are those of the container.
mount -t tmpfs -o mode=755,size=64k,uid=$owner,gid=$owner,nosuid,noexec devices node/dev
for device in null zero full random urandom tty; do
  : > node/dev/$device
  mount --bind /dev/$device node/dev/$device
done
: > node/dev/console
mount --bind /dev/null node/dev/console
# The kernel lets a user namespace mount these only where whole ones are seen already.
mount -t proc proc node/proc
# In a network namespace of its own, because all mounts of sysfs in one are read-only once Docker has mounted it so.
unshare --net mount -t sysfs sysfs node/sys
: > started
chown $owner:$owner started
: > done
`;

/** Process 1 of the machine, until it becomes the machine's own program. */
const inner = ({ sysctls }: BootOptions): string => `#!/bin/sh
set -eu
read -r run < ${folder}/run
# Tells the fabric that commands may enter the machine.
exec 9> ${folder}/started
mount --rbind ${folder}/node ${folder}/node
cd ${folder}/node
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 sys/fs/cgroup
mkdir dev/pts dev/shm
cp --no-dereference /dev/fd /dev/stdin /dev/stdout /dev/stderr /dev/ptmx dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5,nosuid,noexec devpts dev/pts
mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev shm dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev run run
mount -t tmpfs -o mode=1777,nosuid,nodev tmp tmp
${sysctls}
pivot_root . .
umount --lazy .
echo started >&9
exec 9>&-
cd /root
exec "$@"
`;

/** A process that joins the namespaces gets the rights of the machine's root, and none of the container's. */
const enter = ({ ids }: BootOptions): string => `#!/bin/sh
if ! { read -r init < ${folder}/init; } 2> /dev/null; then
  echo "This machine has not started yet: run labs check, which starts it" >&2
  exit 125
fi
# Ctrl-C is for the command. nsenter waits for it in the same process group.
trap '' INT QUIT
exec ${as(ids)}nsenter --target "$init" ${ids === undefined ? '' : '--user '}${namespaces} --wdns="$PWD" -- \\
  env --default-signal=INT,QUIT -- "$@"
`;
