// Before all contract tests: the programs that they run, which a fresh machine doesn't have.
import { ensurePackages } from '../support/packages.ts';

export const setup = (): void =>
  ensurePackages({
    '/sbin/ip': 'iproute2',
    '/sbin/sysctl': 'procps',
    '/usr/sbin/iptables': 'iptables',
    '/usr/sbin/nft': 'nftables',
    '/usr/sbin/conntrack': 'conntrack',
    '/usr/sbin/nfacct': 'nfacct',
    '/usr/bin/curl': 'curl',
    '/usr/bin/dig': 'bind9-dnsutils',
    '/usr/bin/crun': 'crun',
    '/usr/bin/conmon': 'conmon',
    '/usr/bin/socat': 'socat',
    '/usr/lib/cni/bridge': 'containernetworking-plugins',
    '/bin/busybox': 'busybox-static',
  });
