// The packet filter of this network namespace, through the machine's own iptables (nf_tables or legacy, whatever `iptables` is here).
import { run, runOk } from './exec.ts';

export type NetfilterFamily = 'IPv4' | 'IPv6';

/** A port to one address family. The fake of the tests is bound to the real one by a contract test. */
export interface Netfilter {
  /** All tables, as `iptables-save` prints them. */
  save(signal: AbortSignal): Promise<string>;
  /** One `iptables-restore --noflush`: each table in the input takes effect in one step. */
  restore(input: string, signal: AbortSignal): Promise<void>;
  hasChain(table: string, chain: string, signal: AbortSignal): Promise<boolean>;
}

/**
 * Waits up to five seconds for another program that holds the lock, as the original does.
 * @param prefix a program that runs the tools elsewhere, e.g. `ip netns exec NAME`
 */
export const createNetfilter = (family: NetfilterFamily, prefix: readonly string[] = []): Netfilter => {
  const tool = family === 'IPv6' ? 'ip6tables' : 'iptables';
  return {
    save: async (signal) => (await runOk([...prefix, `${tool}-save`], { signal })).stdout,
    restore: async (input, signal) => {
      await runOk([...prefix, `${tool}-restore`, '-w', '5', '--noflush', '--counters'], { input, signal });
    },
    hasChain: async (table, chain, signal) =>
      (await run([...prefix, tool, '-w', '5', '-t', table, '-S', chain, '1'], { signal })).code === 0,
  };
};

/** Whether this machine can filter packets of the family: the tool is there, and the kernel has its nat table. */
export const hasNetfilter = async (family: NetfilterFamily, signal: AbortSignal): Promise<boolean> => {
  try {
    return await createNetfilter(family).hasChain('nat', 'POSTROUTING', signal);
  } catch {
    signal.throwIfAborted();
    return false;
  }
};

/**
 * Makes accounting objects for `-m nfacct`.
 * @returns false where the tool or the kernel doesn't know them
 */
export const createAccounting = async (names: readonly string[], signal: AbortSignal): Promise<boolean> => {
  try {
    for (const name of names) {
      const { code, stderr } = await run(['nfacct', 'add', name], { signal });
      if (code !== 0 && !/exist/i.test(stderr)) return false;
    }
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};
