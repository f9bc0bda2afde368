// Before all contract tests: the programs that they run, which a fresh machine doesn't have. After them: what a test left that was stopped
// before it could clear up.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages } from '../support/packages.ts';

/** Network namespaces of tests bear the number of the process that made them, and so do temporary folders. */
const spaceOfTest = /^(?:lp|lpn|lpt|model)-(\d+)/;
const folderOfTest = /^labs-proxy-(\d+)-/;

/** Whether that is a process, and none of those in which our tests ran. */
const isOthers = (pid: string): boolean => {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !readFileSync(status, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
};

/** Whether a name like this was given by a process that is gone, or whose tests are over. */
const isLeft = (name: string, pattern: RegExp): boolean => {
  const [, maker] = pattern.exec(name) ?? [];
  return maker !== undefined && !isOthers(maker);
};

export const teardown = (): void => {
  const ip = (...args: string[]): string => execFileSync('ip', ['netns', ...args], { encoding: 'utf8' });
  const spaces = ip('list')
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '');
  for (const name of spaces.filter((each) => isLeft(each, spaceOfTest))) {
    for (const pid of ip('pids', name).match(/\d+/g) ?? []) process.kill(Number(pid), 'SIGKILL');
    ip('delete', name);
  }
  for (const name of readdirSync(tmpdir()).filter((each) => isLeft(each, folderOfTest)))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
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
