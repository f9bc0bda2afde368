// The packet filter of this network namespace, through the machine's own iptables (nf_tables or legacy, whatever `iptables` is here).
import { ExecError, type RunResult, run, runOk } from './exec.ts';
import type { Flavour } from './iptables-flavour.ts';

export type NetfilterFamily = 'IPv4' | 'IPv6';

/** A port to one address family. The fake of the tests is bound to the real one by a contract test. */
export interface Netfilter {
  /** All tables, as `iptables-save` prints them. */
  save(signal: AbortSignal): Promise<string>;
  /** One `iptables-restore --noflush`: each table in the input takes effect in one step. */
  restore(input: string, signal: AbortSignal): Promise<void>;
  hasChain(table: string, chain: string, signal: AbortSignal): Promise<boolean>;
}

/** Another program kept the lock of iptables-legacy for so long that we gave up. Nothing was changed. */
export class XtablesLocked extends Error {
  override readonly name = 'XtablesLocked';
  constructor() {
    super(
      `another program has held the xtables lock (/run/xtables.lock) for ${lockSeconds} seconds; nothing was changed`,
    );
  }
}

/** As long as the original waits. */
const lockSeconds = 5;

/**
 * Waits up to five seconds for another program that holds the lock.
 * @param prefix a program that runs the tools elsewhere, e.g. `ip netns exec NAME`
 * @throws XtablesLocked (from any of its methods) when that one keeps it longer
 */
export const createNetfilter = (
  family: NetfilterFamily,
  prefix: readonly string[] = [],
  flavour: Flavour = 'default',
): Netfilter => {
  const tool = toolOf(family, flavour);
  const wait = ['-w', String(lockSeconds)];
  return {
    save: async (signal) => (await runOk([...prefix, `${tool}-save`], { signal })).stdout,
    restore: async (input, signal) => {
      const argv = [...prefix, `${tool}-restore`, ...wait, '--noflush', '--counters'];
      const result = await run(argv, { input, signal });
      if (isLocked(result)) throw new XtablesLocked();
      if (result.code !== 0) throw new ExecError(argv, result.stderr.trim() || `exit code ${result.code}`, result);
    },
    hasChain: async (table, chain, signal) => {
      const result = await run([...prefix, tool, ...wait, '-t', table, '-S', chain, '1'], { signal });
      if (isLocked(result)) throw new XtablesLocked();
      return result.code === 0;
    },
  };
};

/** What the family's tools begin with: `ip6tables-legacy`, say. */
export const toolOf = (family: NetfilterFamily, flavour: Flavour): string =>
  `${family === 'IPv6' ? 'ip6tables' : 'iptables'}${flavour === 'default' ? '' : `-${flavour}`}`;

/** The tools' exit code for a lack of resources, of which the lock is one. */
const isLocked = ({ code, stderr }: RunResult): boolean => code === 4 && stderr.includes('xtables lock');

/** Whether this machine can filter packets of the family: the tool is there, and the kernel has its nat table. */
export const hasNetfilter = async (
  family: NetfilterFamily,
  signal: AbortSignal,
  flavour: Flavour = 'default',
): Promise<boolean> => {
  try {
    return await createNetfilter(family, [], flavour).hasChain('nat', 'POSTROUTING', signal);
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof XtablesLocked;
  }
};

/**
 * Makes accounting objects for `-m nfacct`.
 * @returns false where the tool or the kernel doesn't know them
 */
export const createAccounting = async (names: readonly string[], signal: AbortSignal): Promise<boolean> => {
  try {
    // What to add one that is there says depends on whether a rule uses it.
    const known = await readAccounting(signal);
    for (const name of names) {
      if (!known.has(name) && (await run(['nfacct', 'add', name], { signal })).code !== 0) return false;
    }
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};

/** Packets that were counted so far, by the name of the accounting object. Empty where the tool or the kernel doesn't know them. */
export const readAccounting = async (signal: AbortSignal): Promise<ReadonlyMap<string, number>> => {
  try {
    const { stdout } = await run(['nfacct', 'list'], { signal });
    return new Map(
      [...stdout.matchAll(/pkts = (\d+).*= (\w+);/g)].map(([, packets, name = '']) => [name, Number(packets)]),
    );
  } catch {
    signal.throwIfAborted();
    return new Map();
  }
};
