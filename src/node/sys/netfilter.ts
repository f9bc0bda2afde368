// Reads and writes the iptables rules of this network namespace, through the machine's own iptables (nf_tables or
// legacy).
import { ExecError, type RunResult, run, runOk } from './exec.ts';
import type { Flavour } from './iptables-flavour.ts';

export type NetfilterFamily = 'IPv4' | 'IPv6';

/** A port to one address family. A contract test runs against this port and against the fake of the unit tests. */
export interface Netfilter {
  /** All tables, as `iptables-save` prints them. */
  save(signal: AbortSignal): Promise<string>;
  /** Runs one `iptables-restore --noflush`. Each table of the input is replaced in one step. */
  restore(input: string, signal: AbortSignal): Promise<void>;
  hasChain(table: string, chain: string, signal: AbortSignal): Promise<boolean>;
}

/** Another program held the lock of iptables-legacy for too long. Nothing was changed. */
export class XtablesLocked extends Error {
  override readonly name = 'XtablesLocked';
  constructor() {
    super(
      `another program has held the xtables lock (/run/xtables.lock) for ${lockSeconds} seconds; nothing was changed`,
    );
  }
}

/** The same time as the original kube-proxy. */
const lockSeconds = 5;

/**
 * Each method waits up to five seconds if another program holds the lock.
 * @param prefix a program that runs the tools elsewhere, e.g. `ip netns exec NAME`
 * @throws XtablesLocked, from each method, when the lock is still taken after that
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

/** The first part of the tools' names, e.g. `ip6tables-legacy`. */
export const toolOf = (family: NetfilterFamily, flavour: Flavour): string =>
  `${family === 'IPv6' ? 'ip6tables' : 'iptables'}${flavour === 'default' ? '' : `-${flavour}`}`;

/** Exit code 4 means that a resource is missing, such as the lock. */
const isLocked = ({ code, stderr }: RunResult): boolean => code === 4 && stderr.includes('xtables lock');

/**
 * Whether this machine supports the family: the tool exists, and the kernel has its nat table.
 * @param of chain: looks for this chain of table nat, rather than for one that every kernel has
 */
export const hasNetfilter = async (
  family: NetfilterFamily,
  signal: AbortSignal,
  of: { readonly flavour?: Flavour; readonly chain?: string | undefined } = {},
): Promise<boolean> => {
  const { flavour = 'default', chain = 'POSTROUTING' } = of;
  try {
    return await createNetfilter(family, [], flavour).hasChain('nat', chain, signal);
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof XtablesLocked;
  }
};

/**
 * Creates accounting objects for `-m nfacct`.
 * @returns false if the tool is missing or the kernel lacks accounting
 */
export const createAccounting = async (names: readonly string[], signal: AbortSignal): Promise<boolean> => {
  try {
    // `nfacct add` fails for a present object only sometimes, so known objects are not added again.
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

/**
 * Packets counted so far, by the name of the accounting object. Empty if the tool is missing or the kernel lacks
 * accounting.
 */
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
