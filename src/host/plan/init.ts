// The kernel's settings for the network of a machine, which a machine gets before its own program runs.

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

/** For a shell whose folder has the machine's own /proc. */
const sysctlLines = (values: Readonly<Record<string, string>>): string =>
  [
    'set_sysctl() { if [ -e "proc/sys/net/$1" ]; then echo "$2" > "proc/sys/net/$1"; fi; }',
    ...Object.entries(values).map(([path, value]) => `set_sysctl ${path} ${value}`),
  ].join('\n');

/**
 * IPv6 only on loopback: the cluster uses IPv4, and `ip address` stays readable. Docker's `--sysctl` is no substitute:
 * it refuses to start a container when the kernel lacks a sysctl (no br_netfilter, no IPv6).
 */
export const machineSysctls = (role: 'node' | 'router' | 'host'): string =>
  sysctlLines({ ...nodeSysctls, 'ipv4/ip_forward': role === 'host' ? '0' : '1' });
