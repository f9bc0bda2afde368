// The proxy modes that can be tried on this machine. `PROXY_MODES=ipvs,iptables-nft` chooses among them.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Backend } from './world.ts';

export type ModeName = 'iptables-nft' | 'iptables-legacy' | 'nftables' | 'ipvs' | 'userspace';

export interface TestedMode {
  readonly name: ModeName;
  /** Which iptables the machine has, also in modes that don't use it. */
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

/** In a namespace of its own: a look must not load anything into the machine's. */
const canSave = (program: string): boolean => succeeds('unshare', '--net', program, '-t', 'nat', '-S');

/** What the machine lacks for a mode, in its kernel or among its tools; undefined: nothing. */
const lacks: Readonly<Record<ModeName, () => string | undefined>> = {
  'iptables-nft': () => (canSave('iptables-nft') ? undefined : 'nf_tables with its iptables extensions'),
  'iptables-legacy': () => (canSave('iptables-legacy') ? undefined : 'ip_tables'),
  nftables: () => (succeeds('unshare', '--net', 'nft', 'list', 'ruleset') ? undefined : 'nf_tables'),
  ipvs: () => (existsSync('/proc/net/ip_vs') ? undefined : 'ip_vs'),
  userspace: () => (canSave('iptables-nft') ? undefined : 'nf_tables with its iptables extensions'),
};

/** What is tried unless asked for; ipvs is asked for in the virtual machine (scripts/vm-test.ts), whose kernel has it. */
const usual: readonly ModeName[] = ['iptables-nft', 'iptables-legacy', 'nftables', 'userspace'];

const asked = process.env.PROXY_MODES?.split(',') ?? usual;
const wanted = all.filter(({ name }) => asked.includes(name)).map((mode) => ({ mode, lack: lacks[mode.name]() }));

/** At least one. */
export const modes = wanted.flatMap(({ mode, lack }) => (lack === undefined ? [mode] : []));
/** Modes that are not tried, and what the machine lacks for them: packets.test.ts has a skipped test for each, so that the tally tells. */
export const leftOut = wanted.flatMap(({ mode, lack }) => (lack === undefined ? [] : [{ name: mode.name, lack }]));

if (modes.length === 0) throw new Error(`none of the modes ${asked} works on this machine`);
