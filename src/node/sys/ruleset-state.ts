// Whether what nf_tables holds for one address family is what it was: asked again and again of one nft that stays for it.
import { StandingTool } from './standing-tool.ts';

export interface RulesetState {
  /**
   * One at a time.
   * @returns a text that is another one as soon as somebody added, changed or took away a table, chain, rule or set, and the same while
   *   only elements change; undefined where this machine's nft can't tell
   * @throws ExecError when nft ends or doesn't answer; the signal's reason when aborted
   */
  read(signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/** JSON is one line for each question, and written in few pieces: other lists are written word by word, which costs three times as much. */
const options = ['-j', '-t', '-s', '-i'];
const startOfAnswer = '{"nftables"';

/** @param prefix a program that runs nft elsewhere, e.g. `ip netns exec NAME` */
export const createRulesetState = (family: 'ip' | 'ip6', prefix: readonly string[] = []): RulesetState => {
  // It would keep the history of what it was asked in the home directory.
  const tool = new StandingTool([...prefix, 'env', 'HOME=/dev/null', 'nft', ...options], '\n');
  const ask = (signal: AbortSignal): Promise<string> => tool.ask(`list ruleset ${family}\n`, signal);
  let usable: boolean | undefined;
  /** nft may have been built without JSON, without a prompt, or with one that repeats what it reads. */
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
