// nf_tables of this network namespace, through the program `nft`.
import { run, runOk } from './exec.ts';

/** A port to all tables. */
export interface Nft {
  /** One `nft -f -`: all of the input takes effect in one step, or nothing does. @throws ExecError with what nft said */
  apply(input: string, signal: AbortSignal): Promise<void>;
  /** Says whether `apply` would do it, and does nothing. @throws as `apply` */
  check(input: string, signal: AbortSignal): Promise<void>;
  /** Without elements and counters. @param what follows `nft list`, e.g. `ruleset ip` @returns undefined where that doesn't exist */
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

/**
 * Whether this machine has nft, and its kernel nf_tables. Asked by a list that is hardly ever long: for `list tables`, nft 1.0.6 reads
 * every rule there is, which takes four seconds beside the 5,000 services of iptables mode.
 */
export const hasNft = async (signal: AbortSignal): Promise<boolean> => {
  try {
    return (await createNft().list('flowtables', signal)) !== undefined;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};
