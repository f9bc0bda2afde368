// Lists single chains of iptables again and again, through one iptables-restore that keeps running.
import { ExecError } from './exec.ts';
import type { Flavour } from './iptables-flavour.ts';
import { type NetfilterFamily, toolOf } from './netfilter.ts';
import { StandingTool } from './standing-tool.ts';

export interface ChainQuery {
  readonly table: string;
  readonly chain: string;
  /** Asks for the whole text of each rule, and not for the number of references. Not for a built-in chain. */
  readonly texts?: boolean;
}

export interface ChainListing extends ChainQuery {
  /** How many rules jump to this chain. Undefined for a built-in chain, and when texts were asked for. */
  readonly references: number | undefined;
  /** The target of each rule. Empty for a rule without a target, and when texts were asked for. */
  readonly targets: readonly string[];
  /** Each rule as `iptables-save` prints it, without `-A CHAIN`. Only when texts were asked for. */
  readonly rules?: readonly string[];
}

export interface ChainLister {
  /**
   * Call it again only after the last call has ended.
   * @returns a listing for each query, sorted by table. If the queries and the answer are the same as before, it is the
   *   same array. Undefined if one of the chains does not exist.
   * @throws ExecError when the tool cannot be started, cannot get the lock, or does not answer; the signal's reason
   *   when aborted
   */
  list(queries: readonly ChainQuery[], signal: AbortSignal): Promise<readonly ChainListing[] | undefined>;
  close(): void;
}

/** The exit code of iptables if another program holds the lock, or the kernel is out of memory. */
const resourceProblem = 4;

/** @param prefix a program that runs the tool elsewhere, e.g. `ip netns exec NAME` */
export const createChainLister = (
  family: NetfilterFamily,
  prefix: readonly string[] = [],
  flavour: Flavour = 'default',
): ChainLister => {
  // `-w` has no time here. With a time, the legacy tool sets an alarm, which would kill it while it waits for the next
  // question.
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

/** The tool reports a chain that does not exist, and ends. */
const isRefusal = (error: unknown): boolean => {
  const result = error instanceof ExecError ? error.result : undefined;
  return result !== undefined && result.code > 0 && result.code < 128 && result.code !== resourceProblem;
};

/** The start of the answer to the last command. No other answer contains it. */
const sentinel = '-P POSTROUTING ';
const lastTable = 'mangle';

interface Question {
  readonly queries: readonly ChainQuery[];
  /** In the order in which the tool is asked. */
  readonly ordered: readonly ChainQuery[];
  readonly text: string;
}

/** The nf_tables tool flushes its output when the next list begins. So the question ends with an unused list. */
const questionOf = (queries: readonly ChainQuery[]): Question => {
  const tables = Map.groupBy(queries, ({ table }) => table);
  const last = tables.get(lastTable) ?? [];
  tables.delete(lastTable);
  const list = ({ chain, texts }: ChainQuery): string => (texts ? `-S ${chain}\n` : `-L ${chain} -n\n`);
  const lists = (chains: readonly ChainQuery[]): string => chains.map(list).join('');
  const sections = [...tables].map(([table, chains]) => `*${table}\n${lists(chains)}COMMIT\n`);
  const end = `*${lastTable}\n${lists(last)}-S POSTROUTING\nCOMMIT\n*${lastTable}\n-S INPUT\nCOMMIT\n`;
  return { queries, ordered: [...[...tables.values()].flat(), ...last], text: `${sections.join('')}${end}` };
};

/** The first line of a listing: of `-L`, and of `-S`. No line of a rule starts like this. */
const heading = /^(?:Chain|-N) /;

const parseListings = (ordered: readonly ChainQuery[], answer: string): ChainListing[] => {
  const listings: string[][] = [];
  for (const line of answer.split('\n')) {
    if (heading.test(line)) listings.push([]);
    // The text before the first heading is the rest of the last answer, after the sentinel.
    if (line !== '') listings.at(-1)?.push(line);
  }
  return listings.flatMap(([first = '', ...lines], index) => {
    const query = ordered[index];
    return query ? [query.texts ? readTexts(query, lines) : readTargets(query, first, lines)] : [];
  });
};

const readTexts = ({ table, chain }: ChainQuery, lines: readonly string[]): ChainListing => ({
  ...{ table, chain, texts: true, references: undefined, targets: [] },
  rules: lines.map((line) => line.slice(`-A ${chain} `.length)),
});

const readTargets = ({ table, chain }: ChainQuery, first: string, [, ...lines]: readonly string[]): ChainListing => {
  const references = /\((\d+) references\)/.exec(first)?.[1];
  const targets = lines.map((line) => line.split(' ', 1)[0] ?? '');
  return { table, chain, references: references === undefined ? undefined : Number(references), targets };
};
