// Before all contract tests: the programs that they run, which a fresh machine doesn't have. After them: what a test left that was stopped
// before it could clear up.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { ensurePackages } from '../support/packages.ts';

/** Network namespaces of tests bear the number of the process that made them. */
const spaceOfTest = /^(?:lp|lpn|lpt|model)-(\d+)/;

/** Whether that is a process, and none of those in which our tests ran. */
const isOthers = (pid: string): boolean => {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !readFileSync(status, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
};

export const teardown = (): void => {
  const ip = (...args: string[]): string => execFileSync('ip', ['netns', ...args], { encoding: 'utf8' });
  for (const line of ip('list').split('\n')) {
    const [name = ''] = line.split(' ');
    const maker = spaceOfTest.exec(name)?.[1];
    if (maker === undefined || isOthers(maker)) continue;
    for (const pid of ip('pids', name).match(/\d+/g) ?? []) process.kill(Number(pid), 'SIGKILL');
    ip('delete', name);
  }
};

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
