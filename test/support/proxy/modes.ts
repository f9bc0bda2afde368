// The proxy modes that this machine can test. `PROXY_MODES=ipvs,iptables-nft` chooses among them.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isLong } from '../runs.ts';
import type { Backend } from './world.ts';

export type ModeName = 'iptables-nft' | 'iptables-legacy' | 'nftables' | 'ipvs' | 'userspace';

export interface TestedMode {
  readonly name: ModeName;
  /** The iptables flavour of the namespace, also in modes that do not use iptables. */
  readonly backend: Backend;
  readonly flag: string;
}

const all: readonly TestedMode[] = [
  { name: 'iptables-nft', backend: 'nft', flag: '--proxy-mode=iptables' },
  { name: 'iptables-legacy', backend: 'legacy', flag: '--proxy-mode=iptables' },
  { name: 'nftables', backend: 'nft', flag: '--proxy-mode=nftables' },
  { name: 'ipvs', backend: 'nft', flag: '--proxy-mode=ipvs' },
  { name: 'userspace', backend: 'nft', flag: '--proxy-mode=userspace' },
];

const succeeds = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Runs in a new network namespace, because listing rules creates tables in its namespace. */
const canSave = (program: string): boolean => succeeds('unshare', '--net', program, '-t', 'nat', '-S');

/** What the machine lacks for a mode in its kernel or tools. Undefined: the mode works. */
const lacks: Readonly<Record<ModeName, () => string | undefined>> = {
  'iptables-nft': () => (canSave('iptables-nft') ? undefined : 'nf_tables with its iptables extensions'),
  'iptables-legacy': () => (canSave('iptables-legacy') ? undefined : 'ip_tables'),
  nftables: () => (succeeds('unshare', '--net', 'nft', 'list', 'ruleset') ? undefined : 'nf_tables'),
  ipvs: () => (existsSync('/proc/net/ip_vs') ? undefined : 'ip_vs'),
  userspace: () => (canSave('iptables-nft') ? undefined : 'nf_tables with its iptables extensions'),
};

/** The default. The virtual machine (scripts/vm-test.ts) asks for ipvs, because its kernel has IPVS. */
const usual: readonly ModeName[] = ['iptables-nft', 'iptables-legacy', 'nftables', 'userspace'];

const asked = process.env.PROXY_MODES?.split(',') ?? usual;
const wanted = all.filter(({ name }) => asked.includes(name)).map((mode) => ({ mode, lack: lacks[mode.name]() }));

/** The modes to test, at least one. */
export const modes = wanted.flatMap(({ mode, lack }) => (lack === undefined ? [mode] : []));
/**
 * Modes that this machine cannot test, and why. packets.test.ts has a skipped test for each, for the summary.
 */
export const leftOut = wanted.flatMap(({ mode, lack }) => (lack === undefined ? [] : [{ name: mode.name, lack }]));

/**
 * For tests of what kube-proxy does over time. iptables-legacy runs the same code of kube-proxy as iptables-nft, so
 * only the long tests repeat such tests with it.
 */
export const modesOfChanges = modes.filter(({ name }) => isLong || modes.length === 1 || name !== 'iptables-legacy');

if (modes.length === 0) throw new Error(`none of the modes ${asked} works on this machine`);
