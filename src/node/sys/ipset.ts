// Sets of addresses and ports that rules of iptables look things up in, through the `ipset` tool.
import { ExecError, run, runOk } from './exec.ts';

export interface Ipset {
  /** All sets with their members, as `ipset save` prints them. */
  save(signal: AbortSignal): Promise<string>;
  /** Lines of `ipset restore`. What exists already, or isn't there to be deleted, is no failure. */
  restore(lines: readonly string[], signal: AbortSignal): Promise<void>;
}

export const createIpset = (): Ipset => ({
  save: async (signal) => (await runOk(['ipset', 'save'], { signal })).stdout,
  restore: async (lines, signal) => {
    if (lines.length > 0) await runOk(['ipset', 'restore', '-exist'], { input: `${lines.join('\n')}\n`, signal });
  },
});

/** @returns what is missing to use sets, in words; undefined: nothing */
export const ipsetLack = async (signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { code, stderr } = await run(['ipset', 'list', '-name'], { signal });
    return code === 0 ? undefined : `the kernel has no sets (module ip_set): ${stderr.trim()}`;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExecError) return 'there is no program ipset';
    throw error;
  }
};
