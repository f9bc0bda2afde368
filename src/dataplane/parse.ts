// Text of `iptables-save` (with or without `-c`, either backend, either family) → Ruleset.
import type { Chain, Counters, Match, Rule, Ruleset, Table, Target } from './model.ts';
import { baseOptions, parseBaseMatch, parseModule, takesAnyWord } from './parse-match.ts';
import { parseTarget } from './parse-target.ts';
import { endsInQuotes, splitWords, unquote } from './words.ts';

/** A line that `iptables-save` would not print. */
export class RulesetError extends Error {
  override readonly name = 'RulesetError';
}

/**
 * @param text one or more tables as `iptables-save` prints them
 * @throws RulesetError with the number of the line that cannot be read
 */
export const parseRuleset = (text: string): Ruleset => {
  const tables: Table[] = [];
  let comments: string[] = [];
  let open: TableBuilder | undefined;
  for (const { line, number } of wholeLines(text)) {
    if (line === '') continue;
    if (line.startsWith('#')) comments.push(line);
    else if (line.startsWith('*')) {
      open = newTable(line.slice(1), comments);
      comments = [];
    } else if (!open) throw new RulesetError(`line ${number}: "${line}" is outside of a table`);
    else if (line === 'COMMIT') {
      tables.push(finishTable(open));
      open = undefined;
    } else if (line.startsWith(':')) addChain(open, line);
    else addRule(open, line, number);
  }
  return { tables, trailing: comments };
};

/** The lines with their numbers, from 1. A line break in quotes, as in a comment, does not end a rule. */
function* wholeLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let whole: { line: string; number: number } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    whole = whole ? { ...whole, line: `${whole.line}\n${line}` } : { line, number: index + 1 };
    if (isRule(whole.line) && endsInQuotes(whole.line)) continue;
    yield whole;
    whole = undefined;
  }
  if (whole) throw new RulesetError(`line ${whole.number}: a quote is not closed`);
}

/** Only rules contain quotes that belong together. */
const isRule = (line: string): boolean => /^(\[|-A )/.test(line);

/** Parses one `-A CHAIN …` line, optionally with counters in front. */
export const parseRule = (table: string, line: string, position = 1): Rule => {
  const { counters, rest } = splitCounters(line);
  const [verb, chain = '', ...words] = splitWords(rest);
  if (verb !== '-A') throw new RulesetError(`"${line}" is not a rule`);
  const { matches, target } = parseSpecification(words);
  const comment = matches.find((match) => match.kind === 'comment')?.text;
  return {
    table,
    chain: unquote(chain),
    position,
    matches,
    ...(target ? { target } : {}),
    ...(comment === undefined ? {} : { comment }),
    ...(counters ? { counters } : {}),
  };
};

interface ChainBuilder {
  readonly name: string;
  readonly policy: string;
  readonly counters?: Counters;
  readonly rules: Rule[];
}
interface TableBuilder {
  readonly name: string;
  readonly leading: readonly string[];
  readonly chains: Map<string, ChainBuilder>;
}

const newTable = (name: string, leading: readonly string[]): TableBuilder => ({ name, leading, chains: new Map() });

const finishTable = ({ name, leading, chains }: TableBuilder): Table => ({
  name,
  leading,
  chains: [...chains.values()] satisfies Chain[],
});

/** `:KUBE-SERVICES - [0:0]` */
const addChain = (table: TableBuilder, line: string): void => {
  const [name = '', policy = '-', counts] = line.slice(1).split(' ');
  const counters = counts === undefined ? undefined : parseCounters(counts);
  table.chains.set(name, { name, policy, ...(counters ? { counters } : {}), rules: [] });
};

const addRule = (table: TableBuilder, line: string, number: number): void => {
  try {
    const rule = parseRule(table.name, line);
    let chain = table.chains.get(rule.chain);
    if (!chain) {
      chain = { name: rule.chain, policy: '-', rules: [] };
      table.chains.set(rule.chain, chain);
    }
    chain.rules.push({ ...rule, position: chain.rules.length + 1 });
  } catch (cause) {
    throw new RulesetError(`line ${number}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

const splitCounters = (line: string): { counters?: Counters; rest: string } => {
  const match = /^(\[\d+:\d+\]) (.*)$/s.exec(line);
  if (!match) return { rest: line };
  const [, counts = '', rest = ''] = match;
  const counters = parseCounters(counts);
  return counters ? { counters, rest } : { rest };
};

export const parseCounters = (text: string): Counters | undefined => {
  const match = /^\[(\d+):(\d+)\]$/.exec(text);
  return match ? { packets: Number(match[1]), bytes: Number(match[2]) } : undefined;
};

const parseSpecification = (words: readonly string[]): { matches: Match[]; target?: Target } => {
  const matches: Match[] = [];
  let protocol: string | undefined;
  let index = 0;
  while (index < words.length) {
    const start = index;
    while (words[index] === '!' || words[index] === '') index++;
    const word = words[index];
    if (word === undefined) break;
    if (word === '-j' || word === '-g') return { matches, target: parseTarget(words.slice(index)) };
    if (baseOptions.has(word)) {
      index += word === '-f' ? 1 : 2;
      const match = parseBaseMatch(words.slice(start, index));
      if (match.kind === 'protocol') protocol = match.protocol;
      matches.push(match);
    } else if (word === '-m') {
      index = endOfModule(words, index + 2);
      matches.push(parseModule(words.slice(start, index), unquote(words[start + 1] ?? '')));
    } else if (word.startsWith('--')) {
      // `-p tcp --dport 80`, as people type it: without `-m tcp`.
      index = endOfModule(words, index + 1);
      matches.push(parseModule(words.slice(start, index), protocol ?? ''));
    } else throw new RulesetError(`"${word}" is not understood`);
  }
  return { matches };
};

/** The index after a module's options: that of the next option of iptables itself, or of the `!` before it. */
const endOfModule = (words: readonly string[], from: number): number => {
  let index = from;
  while (index < words.length) {
    const word = words[index] ?? '';
    const next = word === '!' ? (words[index + 1] ?? '') : word;
    if (next === '-m' || next === '-j' || next === '-g' || baseOptions.has(next)) break;
    index += takesAnyWord.has(word) ? 2 : 1;
  }
  return Math.min(index, words.length);
};
