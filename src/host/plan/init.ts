// The first program of a node: what systemd and kube-proxy need from the kernel, set before systemd takes over as process 1.

/**
 * - A fresh cgroup2, writable: systemd ≥ 257 starts on no other, whatever the engine's machine has.
 * - `/proc/sys/net` writable: kube-proxy and podnet set sysctls of the node's own network namespace. Docker mounts it
 *   read-only, and its `--sysctl` refuses to start a container when the kernel lacks one (no br_netfilter, no IPv6).
 * - No name servers: the engine's, which Docker wrote down, can't be reached from here. Names fail at once instead.
 * - No IPv6 but on loopback: the cluster is IPv4, and `ip address` stays readable.
 */
export const initProgram = `#!/bin/sh
mount -t cgroup2 -o rw,nosuid,nodev,noexec,nsdelegate cgroup2 /sys/fs/cgroup
mount --bind /proc/sys/net /proc/sys/net && mount -o remount,bind,rw /proc/sys/net
set_sysctl() { if [ -e "/proc/sys/net/$1" ]; then echo "$2" > "/proc/sys/net/$1"; fi; }
set_sysctl ipv4/ip_forward 1
set_sysctl ipv4/conf/all/rp_filter 0
set_sysctl ipv4/conf/default/rp_filter 0
set_sysctl ipv6/conf/all/disable_ipv6 1
set_sysctl ipv6/conf/default/disable_ipv6 1
set_sysctl ipv6/conf/lo/disable_ipv6 0
set_sysctl bridge/bridge-nf-call-iptables 1
echo > /etc/resolv.conf
exec /lib/systemd/systemd
`;
