// Detects whether the nftables rules of one address family have changed, through one nft that keeps running.
import { StandingTool } from './standing-tool.ts';

export interface RulesetState {
  /**
   * Call it again only after the last call has ended.
   * @returns a text that changes when a table, chain, rule or set is added, changed or removed. The elements of sets
   *   are not part of the text. Undefined if this machine's nft cannot be used for this.
   * @throws ExecError when nft ends or does not answer; the signal's reason when aborted
   */
  read(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/**
 * JSON needs one line per answer and few system calls. nft writes other lists word by word, which costs three times as
 * much.
 */
const options = ['-j', '-t', '-s', '-i'];
const startOfAnswer = '{"nftables"';

/** @param prefix a program that runs nft elsewhere, e.g. `ip netns exec NAME` */
export const createRulesetState = (family: 'ip' | 'ip6', prefix: readonly string[] = []): RulesetState => {
  // Without this, nft writes a history of its commands to the home directory.
  const tool = new StandingTool([...prefix, 'env', 'HOME=/dev/null', 'nft', ...options], '\n');
  const ask = (signal: AbortSignal): Promise<string> => tool.ask(`list ruleset ${family}\n`, signal);
  let usable: boolean | undefined;
  /** nft may be built without JSON, without a prompt, or with a prompt that repeats its input. */
  const judge = async (signal: AbortSignal): Promise<boolean> => {
    try {
      return (await ask(signal)).startsWith(startOfAnswer);
    } catch {
      signal.throwIfAborted();
      return false;
    }
  };
  return {
    async read(signal) {
      usable ??= await judge(signal);
      if (usable) return await ask(signal);
      tool.close();
      return undefined;
    },
    close: () => tool.close(),
  };
};
