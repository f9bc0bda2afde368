// Reads and writes ipsets, through the `ipset` tool: sets of addresses and ports that iptables rules use.
import { ExecError, run, runOk } from './exec.ts';

export interface Ipset {
  /** All sets with their members, as `ipset save` prints them. */
  save(signal: AbortSignal): Promise<string>;
  /** Runs lines of `ipset restore`. Adding a present entry or deleting a missing entry is no error. */
  restore(lines: readonly string[], signal: AbortSignal): Promise<void>;
}

export const createIpset = (): Ipset => ({
  save: async (signal) => (await runOk(['ipset', 'save'], { signal })).stdout,
  restore: async (lines, signal) => {
    if (lines.length > 0) await runOk(['ipset', 'restore', '-exist'], { input: `${lines.join('\n')}\n`, signal });
  },
});

/** @returns why this machine cannot use sets, or undefined if it can */
export const ipsetProblem = async (signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { code, stderr } = await run(['ipset', 'list', '-name'], { signal });
    return code === 0 ? undefined : `the kernel has no sets (module ip_set): ${stderr.trim()}`;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExecError) return 'the program ipset is missing';
    throw error;
  }
};
