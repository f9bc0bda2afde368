#!/bin/busybox sh
# The first process of the virtual machine: mounts the node image below a writable layer in memory, and switches to it.
set -e
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in virtio_pci virtio_blk overlay; do modprobe $module; done

mount -t ext4 -o ro /dev/vda /lower
mount -t tmpfs tmpfs /upper
mkdir /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root

mkdir -p /root/usr/lib/modules /root/work
cp -a /lib/modules/* /root/usr/lib/modules/
cp /guest /root/guest
# Tests use its small nc.
cp /bin/busybox /root/usr/local/bin/busybox
umount /proc /sys /dev
exec switch_root /root /guest
