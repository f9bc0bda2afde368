// The sysctls of a network namespace on which service traffic depends.

export const sysctls: readonly string[] = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.route_localnet',
  'net.ipv4.conf.all.rp_filter',
  'net.bridge.bridge-nf-call-iptables',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_tcp_be_liberal',
];

/** Changes with each connection, so it is a fact, but no reason to look again. */
export const conntrackCount = 'net.netfilter.nf_conntrack_count';

export const sysctlFile = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;
