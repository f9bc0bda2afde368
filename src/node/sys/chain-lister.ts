// Looks at single chains of the packet filter again and again. One iptables-restore stays for it and lists what it is asked for.
import { ExecError } from './exec.ts';
import type { Flavour } from './iptables-flavour.ts';
import { type NetfilterFamily, toolOf } from './netfilter.ts';
import { StandingTool } from './standing-tool.ts';

export interface ChainQuery {
  readonly table: string;
  readonly chain: string;
}

export interface ChainListing extends ChainQuery {
  /** Rules that lead here; undefined for a built-in chain. */
  readonly references: number | undefined;
  /** What each rule leads to; empty for one that leads nowhere. */
  readonly targets: readonly string[];
}

export interface ChainLister {
  /**
   * One at a time.
   * @returns a listing for each query, by table: the same array as for the same queries before where nothing differs; undefined where one of the chains isn't there
   * @throws ExecError when the tool can't be started, can't get the lock, or doesn't answer; the signal's reason when aborted
   */
  list(queries: readonly ChainQuery[], signal: AbortSignal): Promise<readonly ChainListing[] | undefined>;
  close(): void;
}

/** iptables' exit code for a lock that another program held too long, or a kernel out of memory. */
const lacksResource = 4;

/** @param prefix a program that runs the tool elsewhere, e.g. `ip netns exec NAME` */
export const createChainLister = (
  family: NetfilterFamily,
  prefix: readonly string[] = [],
  flavour: Flavour = 'default',
): ChainLister => {
  // `-w` without a time: with one, the legacy tool leaves an alarm behind, which ends it that much later while it waits for the next question.
  const argv = [...prefix, `${toolOf(family, flavour)}-restore`, '-w', '--noflush'];
  const tool = new StandingTool(argv, sentinel);
  let question: Question | undefined;
  let last: { answer: string; listings: readonly ChainListing[] } | undefined;
  return {
    async list(queries, signal) {
      if (question?.queries !== queries) [question, last] = [questionOf(queries), undefined];
      const { text, ordered } = question;
      try {
        const answer = await tool.ask(text, signal);
        if (last?.answer !== answer) last = { answer, listings: parseListings(ordered, answer) };
        return last.listings;
      } catch (error) {
        if (isRefusal(error)) return undefined;
        throw error;
      }
    },
    close: () => tool.close(),
  };
};

/** Of a chain that isn't there the tool says so, and ends. */
const isRefusal = (error: unknown): boolean => {
  const result = error instanceof ExecError ? error.result : undefined;
  return result !== undefined && result.code > 0 && result.code < 128 && result.code !== lacksResource;
};

/** The last thing asked for, in a form that nothing else is printed in. */
const sentinel = '-P POSTROUTING ';
const lastTable = 'mangle';

interface Question {
  readonly queries: readonly ChainQuery[];
  /** As they are asked. */
  readonly ordered: readonly ChainQuery[];
  readonly text: string;
}

/** The nf_tables tool lets go of what it printed when it begins the next list: so there is one at the end that nobody reads. */
const questionOf = (queries: readonly ChainQuery[]): Question => {
  const tables = Map.groupBy(queries, ({ table }) => table);
  const last = tables.get(lastTable) ?? [];
  tables.delete(lastTable);
  const lists = (chains: readonly ChainQuery[]): string => chains.map(({ chain }) => `-L ${chain} -n\n`).join('');
  const sections = [...tables].map(([table, chains]) => `*${table}\n${lists(chains)}COMMIT\n`);
  const end = `*${lastTable}\n${lists(last)}-S POSTROUTING\nCOMMIT\n*${lastTable}\n-S INPUT\nCOMMIT\n`;
  return { queries, ordered: [...[...tables.values()].flat(), ...last], text: `${sections.join('')}${end}` };
};

const parseListings = (ordered: readonly ChainQuery[], answer: string): ChainListing[] => {
  // What precedes the first heading is the rest of the last answer: what followed the sentinel.
  const [, ...texts] = `\n${answer}`.split(/\nChain /);
  return texts.flatMap((text, index) => {
    const query = ordered[index];
    if (!query) return [];
    const [heading = '', , ...rules] = text.split('\n').filter((line) => line !== '');
    const references = /\((\d+) references\)/.exec(heading)?.[1];
    const targets = rules.map((line) => line.split(' ', 1)[0] ?? '');
    return [{ ...query, references: references === undefined ? undefined : Number(references), targets }];
  });
};
