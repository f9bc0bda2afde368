// Attempts on the devices of the machine: its disk, its memory, its loop devices.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attack, Prepared } from './attack.ts';
import type { World } from './world.ts';

/** The numbers of a small disk with a marker. It is a loop device, so that no attempt touches a real disk. */
const withDisk = async ({ host, secret, id }: World): Promise<Prepared> => {
  const folder = mkdtempSync(join(tmpdir(), `labs-disk-${id}-`));
  mkdirSync(join(folder, 'content'));
  writeFileSync(join(folder, 'content/marker'), secret);
  const made = await host.sh(`cd ${folder} && truncate --size 2M disk && mkfs.ext4 -q -d content disk
    loop=$(losetup --find --show disk) && echo $loop && lsblk --noheadings --nodeps --output MAJ:MIN $loop`);
  const [loop, major, minor] = made.stdout.split(/[\s:]+/);
  if (!minor) throw new Error(made.stderr);
  return {
    variables: { MAJOR: major ?? '', MINOR: minor },
    [Symbol.asyncDispose]: async () => {
      await host.sh(`losetup --detach ${loop}`);
      rmSync(folder, { recursive: true });
    },
  };
};

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
    script: `allow_devices; mkdir -p $work/disk; disk=$(device b $MAJOR $MINOR)
      way "mounts $disk" mount -o ro $disk $work/disk; cat $work/disk/marker`,
  },
  {
    what: "reach Docker's socket",
    script: `for folder in '' /node /proc/1/root; do for path in /run/docker.sock /var/run/docker.sock; do
        way $folder$path timeout 2 curl --fail --unix-socket $folder$path http://docker/_ping
      done; done
      for address in $FABRIC $ADDRESSES; do for port in 2375 2376; do
        connects $address $port
      done; done`,
  },
  {
    what: 'open memory, kernel log and virtual machines by device nodes of its own',
    script: `allow_devices
      # mem, kmem, port, kmsg, kvm, device-mapper, btrfs, vhost-net, vhost-vsock, hpet, msr
      for numbers in '1 1' '1 2' '1 4' '1 11' '10 232' '10 236' '10 234' '10 238' '10 241' '10 228' '202 0'; do
        reads "device $numbers" $(device c $numbers)
      done`,
  },
  {
    what: 'attach a file to a loop device of the machine',
    script: `allow_devices; truncate --size 1M /root/labs-image-$$
      for file in /dev/loop-control $(device c 10 237); do reads $file $file; done
      loop=$(device b 7 7)
      # Only if nothing is attached to it.
      losetup $loop > /dev/null 2>&1 || {
        way "attaches $loop" losetup --read-only $loop /root/labs-image-$$; losetup --detach $loop 2> /dev/null
      }
      rm -f /root/labs-image-$$`,
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
