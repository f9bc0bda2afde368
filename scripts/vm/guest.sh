#!/bin/sh
# The first process in the node image: mounts folders, runs the command from the checkout's disk, powers off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t ext4 /dev/vdb /work
ip link set lo up
hostname vm
# The kernel finds modules by the index that depmod makes.
depmod
# The kernel does not load these modules on demand.
for module in ip_vs br_netfilter; do modprobe $module; done

cd /work
mkdir -p out/vm
# In a new session, the shell controls the console, so that Ctrl-C works.
setsid -c sh out/vm/command.sh </dev/console >/dev/console 2>&1
echo $? >out/vm/status

cd /
umount /work
sync
echo o >/proc/sysrq-trigger
sleep 60
