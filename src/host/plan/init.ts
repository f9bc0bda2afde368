// The first program of a node. It prepares the kernel's settings for systemd and kube-proxy, then becomes systemd.

/** Path below /proc/sys/net → value. What a kernel lacks is left out. */
export const nodeSysctls = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv6/conf/all/disable_ipv6': '1',
  'ipv6/conf/default/disable_ipv6': '1',
  'ipv6/conf/lo/disable_ipv6': '0',
  'bridge/bridge-nf-call-iptables': '1',
  // Counts the packets of each connection: an entry that `conntrack -I` has made has none.
  'netfilter/nf_conntrack_acct': '1',
} as const;

/** In a shell: makes `/proc/sys/net` writable, and sets those parameters that the kernel has. */
const sysctlLines = (values: Readonly<Record<string, string>>): string =>
  [
    'mount --bind /proc/sys/net /proc/sys/net && mount -o remount,bind,rw /proc/sys/net',
    'set_sysctl() { if [ -e "/proc/sys/net/$1" ]; then echo "$2" > "/proc/sys/net/$1"; fi; }',
    ...Object.entries(values).map(([path, value]) => `set_sysctl ${path} ${value}`),
  ].join('\n');

/** For the shell of a router or host. The sysctls stay writable, so that a student can change them. */
export const machineSysctls = (role: 'router' | 'host'): string =>
  `${sysctlLines({ ...nodeSysctls, 'ipv4/ip_forward': role === 'router' ? '1' : '0' })}\n`;

/**
 * - A fresh, writable cgroup2: systemd ≥ 257 does not start on cgroup v1, which the engine's machine may have.
 * - A writable `/proc/sys/net`: kube-proxy and podnet set sysctls of the node's network namespace. Docker mounts it
 *   read-only. Docker's `--sysctl` refuses to start a container when the kernel lacks a sysctl (no br_netfilter, no
 *   IPv6).
 * - No name servers: those that Docker writes into the file are not reachable from a node. Without them, a lookup
 *   fails at once.
 * - IPv6 only on loopback: the cluster uses IPv4, and `ip address` stays readable.
 */
export const initProgram = `#!/bin/sh
mount -t cgroup2 -o rw,nosuid,nodev,noexec,nsdelegate cgroup2 /sys/fs/cgroup
${sysctlLines(nodeSysctls)}
echo > /etc/resolv.conf
exec /lib/systemd/systemd
`;
