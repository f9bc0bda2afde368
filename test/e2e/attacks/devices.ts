// Attempts on the devices of the machine: its disk, its memory, its loop devices.
import type { Attack, Prepared } from './attack.ts';
import type { World } from './world.ts';

/** The numbers of the disk that has the folder of markers. */
const withDisk = async ({ host }: World): Promise<Prepared> => {
  const [major = '', minor = ''] = host.disk.split(':');
  return { variables: { MAJOR: major, MINOR: minor }, [Symbol.asyncDispose]: async () => {} };
};

/**
 * `ro=vfs` mounts a disk that the machine has mounted already: only this mount is read-only then. The disk may be under
 * a folder of the machine, so all folders down to the marker are tried.
 */
const mountDisk = `allow_devices; mkdir -p $work/disk; disk=$(device b $MAJOR $MINOR)
  mount -o ro $disk $work/disk 2> /dev/null || mount -o ro=vfs $disk $work/disk 2> /dev/null || refused "mount $disk"`;

export const devices: readonly Attack[] = [
  {
    what: 'allow itself all devices in its device cgroup',
    script: `mkdir -p $work/devices; mount -t cgroup -o devices none $work/devices 2> /dev/null
      for folder in /sys/fs/cgroup/devices $work/devices; do
        if (echo 'a *:* rwm' > $folder/devices.allow) 2> /dev/null; then escaped $folder; else refused $folder; fi
      done`,
  },
  {
    what: "open the machine's disk by a device node of its own",
    prepare: withDisk,
    script: `allow_devices; disk=$(device b $MAJOR $MINOR); opens $disk
      attempt dd if=$disk of=/dev/null bs=512 count=1 status=none
      for disk in /dev/[svx]d[a-z] /dev/nvme[0-9]n[0-9]; do [ ! -b $disk ] || opens $disk; done`,
  },
  {
    what: "mount the machine's disk and read a file there",
    prepare: withDisk,
    script: `${mountDisk}
      if mountpoint -q $work/disk; then
        escaped 'mounted the disk'; path=$MARKER
        until cat "$work/disk$path" 2> /dev/null || [ "\${path#/*/}" = "$path" ]; do path=/\${path#/*/}; done
      fi`,
  },
  {
    what: "reach Docker's socket",
    prepare: withDisk,
    script: `{ ${mountDisk}; } > /dev/null
      for folder in '' $work/disk /proc/[0-9]*/root; do for path in /run/docker.sock /var/run/docker.sock; do
        timeout 2 curl --silent --fail --unix-socket $folder$path http://docker/_ping > /dev/null 2>&1 \\
          && escaped $folder$path || refused $folder$path
      done; done | sort | uniq`,
  },
  {
    what: 'open memory, kernel log and virtual machines by device nodes of its own',
    script: `allow_devices
      # mem, kmem, port, kmsg, kvm, device-mapper, btrfs, vhost-net, vhost-vsock, hpet, msr
      for numbers in '1 1' '1 2' '1 4' '1 11' '10 232' '10 236' '10 234' '10 238' '10 241' '10 228' '202 0'; do
        file=$(device c $numbers)
        if (exec 3< $file) 2> /dev/null; then escaped "opens device $numbers"; else refused "device $numbers"; fi
      done`,
  },
  {
    what: 'attach a file to a loop device of the machine',
    script: `allow_devices; truncate --size 1M /root/labs-image
      for file in /dev/loop-control $(device c 10 237); do
        if (exec 3<> $file) 2> /dev/null; then escaped "opens $file"; else refused "$file"; fi
      done
      loop=$(device b 7 7); losetup $loop > /dev/null 2>&1 || {
        if losetup --read-only $loop /root/labs-image 2> /dev/null; then losetup --detach $loop; escaped "attached $loop"
        else refused "$loop"; fi
      }
      rm -f /root/labs-image`,
  },
  {
    what: "read the kernel's memory",
    script: `views; for file in /proc/kcore $work/proc/kcore /dev/mem; do
        if head -c 4 $file 2> /dev/null | grep -q .; then escaped "reads $file"; else refused "$file"; fi
      done`,
  },
  {
    what: 'see in a devtmpfs which devices the machine has',
    script: 'mkdir -p $work/dev; attempt mount -t devtmpfs none $work/dev; ls -C $work/dev',
  },
];
