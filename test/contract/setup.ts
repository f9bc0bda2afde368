// Before all contract tests: the programs that they run, which a fresh machine doesn't have. After them: what a test left that was stopped
// before it could clear up.
import { removeLeftovers } from '../../scripts/lib/leftovers.ts';
import { ensurePackages } from '../support/packages.ts';

export const teardown = (): void => removeLeftovers(/^(?:lp|lpn|lpt|model)-(\d+)/, /^labs-proxy-(\d+)-/);

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
