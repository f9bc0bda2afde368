// What keeps root of a node from being root of the engine's machine. Each probe runs as the fabric does: as root of the
// engine's machine. Together they make what src/host/plan/boot.ts makes for a machine.
import { idsPerMachine, rootFolder, stateFolder } from '../plan/boot.ts';
import { kernelModule } from './node-probes.ts';
import type { KernelProbe } from './probe.ts';

/** Above all ids that labs gives to machines. */
export const probeIds = 2 ** 31;

/** The folder of the probes, on a tmpfs. */
const folder = '/tmp/isolation';
/** The user namespace, once it is made. */
export const userNamespace = `${folder}/user`;

const unsafe = 'Without it, only `labs start --unsafe-nodes` starts a lab.';

/** In the order in which they run: later probes use what earlier ones have made. */
export const isolationProbes: readonly KernelProbe[] = [
  {
    name: 'user namespaces',
    script: `
      mkdir -p ${folder} && cd ${folder} || exit 1
      unshare --user --map-users=0:${probeIds}:${idsPerMachine} --map-groups=0:${probeIds}:${idsPerMachine} \\
        sleep 60 > said 2>&1 &
      holder=$!
      until grep -q ${probeIds} /proc/$holder/uid_map && grep -q ${probeIds} /proc/$holder/gid_map; do
        kill -0 $holder || { cat said >&3; exit 1; }
        sleep 0.01
      done 3>&1 2> /dev/null
      : > user
      mount --bind /proc/$holder/ns/user user
      made=$?
      kill -9 $holder
      [ $made = 0 ]`,
    otherwise: 'failure',
    remedy:
      'Root of a node is a user without rights by its user namespace. Allow user namespaces: ' +
      `\`sudo sysctl user.max_user_namespaces=65536\`. ${unsafe}`,
  },
  {
    name: 'loop devices',
    script: `
      cd ${folder} || exit 1
      truncate --size=16M ${stateFolder}/disk && mkfs.ext4 -q ${stateFolder}/disk || exit 1
      [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237 || exit 1
      for tried in 1 2 3 4 5 6 7 8 9 10; do
        device=$(losetup --find) || exit 1
        device=\${device%% *}
        [ -e $device ] || mknod $device b 7 \${device#/dev/loop} || exit 1
        losetup $device ${stateFolder}/disk 2> said && break
      done
      cat said >&2
      mkdir -p disk && mount -t ext4 $device disk
      mounted=$?
      losetup --detach $device
      [ $mounted = 0 ] && mkdir -p disk/upper disk/work && chown ${probeIds}:${probeIds} disk/upper disk/work`,
    otherwise: 'failure',
    remedy:
      'The disk of a node is a file system in a file, so that a node cannot fill the disk of the engine. ' +
      kernelModule('loop'),
  },
  {
    name: 'id-mapped mounts',
    script: `
      cd ${folder} && mkdir -p lower || exit 1
      mountpoint -q ${userNamespace} || { echo 'not tried, because no user namespace can be made'; exit 1; }
      first=$(stat -c %u ${rootFolder})
      map=X-mount.idmap=${userNamespace}
      [ $first = 0 ] || map=X-mount.idmap=b:$first:${probeIds}:${idsPerMachine}
      said=$(mount --bind -o $map ${rootFolder} lower 2>&1) && exit 0
      echo "$(echo "$said" | head -1) File system: $(findmnt --noheadings --output FSTYPE --target ${rootFolder})"
      exit 1`,
    otherwise: 'failure',
    remedy:
      'Nodes share one copy of their files, which belongs to the root of each node. ' +
      `Use a kernel of version 5.19 or newer, and put the folder of Docker on ext4, xfs or btrfs. ${unsafe}`,
  },
  {
    name: 'overlay of mapped ids',
    script: `
      cd ${folder} && mkdir -p node || exit 1
      mountpoint -q lower || { echo 'not tried, because no ids can be mapped'; exit 1; }
      mount -t overlay -o lowerdir=lower,upperdir=disk/upper,workdir=disk/work node node || exit 1
      nsenter --user=${userNamespace} -- sh -c ': > node/etc/labs-probe && rm node/etc/labs-probe'`,
    otherwise: 'failure',
    remedy:
      'A node writes to a layer of its own above the shared files. ' +
      `Use a kernel of version 5.19 or newer. ${unsafe}`,
  },
  {
    name: 'cgroup delegation',
    script: `
      cd ${folder} && mkdir -p groups || exit 1
      mountpoint -q groups || mount -t cgroup2 cgroup2 groups || exit 1
      own=groups$(grep '^0::' /proc/self/cgroup | cut -d: -f3)/labs-probe-$$
      mkdir $own && chown ${probeIds} $own || exit 1
      setpriv --reuid=${probeIds} --regid=${probeIds} --clear-groups mkdir $own/below
      made=$?
      rmdir $own/below $own 2> /dev/null
      [ $made = 0 ]`,
    otherwise: 'failure',
    remedy:
      'systemd in a node makes control groups for its services. Use a kernel with cgroup2, and an engine whose ' +
      'containers may share the cgroup namespace of the machine (cgroupns=host).',
  },
];
