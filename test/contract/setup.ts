// Before the contract tests: installs the programs that they need. After them: removes what a killed test left behind.
import { removeLeftovers } from '../../scripts/lib/leftovers.ts';
import { ensurePackages } from '../support/packages.ts';

export const teardown = (): void => removeLeftovers(/^(?:lp|lpn|lpt|model)-(\d+)/, /^labs-proxy-(\d+)-/);

export const setup = (): Promise<void> =>
  ensurePackages({
    '/sbin/ip': 'iproute2',
    '/sbin/sysctl': 'procps',
    '/usr/sbin/iptables': 'iptables',
    '/usr/sbin/nft': 'nftables',
    '/usr/sbin/conntrack': 'conntrack',
    '/usr/sbin/ipset': 'ipset',
    '/usr/sbin/nfacct': 'nfacct',
    '/usr/sbin/ipvsadm': 'ipvsadm',
    '/usr/bin/curl': 'curl',
    '/usr/bin/openssl': 'openssl',
    '/usr/bin/ssh': 'openssh-client',
    '/usr/bin/tcpdump': 'tcpdump',
    '/usr/bin/dig': 'bind9-dnsutils',
    '/usr/bin/crun': 'crun',
    '/usr/bin/conmon': 'conmon',
    '/usr/bin/socat': 'socat',
    '/usr/lib/cni/bridge': 'containernetworking-plugins',
    '/bin/busybox': 'busybox-static',
  });
