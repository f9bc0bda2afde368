// Reads and writes the nftables rules of this network namespace, through the program `nft`.
import { run, runOk } from './exec.ts';

/** A port to all tables. */
export interface Nft {
  /**
   * Runs one `nft -f -`. The whole input takes effect in one step, or nothing does.
   * @throws ExecError with nft's message
   */
  apply(input: string, signal: AbortSignal): Promise<void>;
  /** Checks whether `apply` would succeed, and changes nothing. @throws as `apply` */
  check(input: string, signal: AbortSignal): Promise<void>;
  /** Lists without elements and counters. @param what e.g. `ruleset ip` @returns undefined if it does not exist */
  list(what: string, signal: AbortSignal): Promise<string | undefined>;
}

/** @param prefix a program that runs nft elsewhere, e.g. `ip netns exec NAME` */
export const createNft = (prefix: readonly string[] = []): Nft => ({
  apply: async (input, signal) => {
    await runOk([...prefix, 'nft', '-f', '-'], { input, signal });
  },
  check: async (input, signal) => {
    await runOk([...prefix, 'nft', '-c', '-f', '-'], { input, signal });
  },
  list: async (what, signal) => {
    const { code, stdout } = await run([...prefix, 'nft', '-t', '-s', 'list', ...what.split(' ')], { signal });
    return code === 0 ? stdout : undefined;
  },
});
