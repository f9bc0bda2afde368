// A rule of iptables as data, and its text. The modes iptables, ipvs and userspace all build their rules from this.

export type TableName = 'mangle' | 'nat' | 'filter';

/** What one rule matches and does. Each match is written with its `-m MODULE`. */
export interface Rule {
  /** `-s`; with `! ` in front, negated. A single address gets its prefix length when the rule is rendered. */
  readonly source?: string | undefined;
  /** `-d`, as `source`. */
  readonly destination?: string | undefined;
  /** `-i`; with `! ` in front, negated. */
  readonly inInterface?: string | undefined;
  /** `-p`, in lower case. */
  readonly protocol?: string | undefined;
  readonly comment?: string | undefined;
  /** Matches in front of the comment. */
  readonly before?: readonly string[] | undefined;
  /** Matches between the comment and `-m tcp`. */
  readonly modules?: readonly string[] | undefined;
  /** `-m tcp --dport`; 0 stands for `-m tcp` alone. */
  readonly dport?: number | undefined;
  /** Matches after `-m tcp`. */
  readonly after?: readonly string[] | undefined;
  /** `-j`: a chain, or a target with its options. Absent: the rule has no effect but its counter and comment. */
  readonly jump?: string | undefined;
}

/** A rule and the chain that it stands in. */
export interface PlacedRule {
  readonly table: TableName;
  readonly chain: string;
  readonly rule: Rule;
}

/** A rule in one of the kernel's own chains that leads to a chain of kube-proxy. */
export interface Jump extends PlacedRule {
  readonly rule: Rule & { readonly jump: string };
}

/** A chain of kube-proxy with all its rules. */
export interface Chain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: readonly Rule[];
}

/**
 * The rule without `-A CHAIN`, in the order of words in which `iptables-save` prints it. So the text of a rule that was
 * written equals the text that is read back.
 */
export const ruleText = (rule: Rule): string => {
  const { source, destination, inInterface, protocol, comment, before, modules, dport, after, jump } = rule;
  const words: string[] = [];
  if (source !== undefined) words.push(negatable('-s', source, withPrefix));
  if (destination !== undefined) words.push(negatable('-d', destination, withPrefix));
  if (inInterface !== undefined) words.push(negatable('-i', inInterface));
  if (protocol !== undefined) words.push(`-p ${protocol}`);
  if (before) words.push(...before);
  if (comment !== undefined) words.push(`-m comment --comment "${comment}"`);
  if (modules) words.push(...modules);
  if (dport !== undefined) words.push(dport === 0 ? `-m ${protocol}` : `-m ${protocol} --dport ${dport}`);
  if (after) words.push(...after);
  if (jump !== undefined) words.push(`-j ${jump}`);
  return words.join(' ');
};

const negatable = (option: string, text: string, map = (word: string): string => word): string =>
  text.startsWith('! ') ? `! ${option} ${map(text.slice(2))}` : `${option} ${map(text)}`;

const withPrefix = (text: string): string => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);

/** Whether both rules have the same text. Faster than rendering both. */
export const sameRule = (a: Rule, b: Rule): boolean =>
  a.source === b.source &&
  a.destination === b.destination &&
  a.inInterface === b.inInterface &&
  a.protocol === b.protocol &&
  a.comment === b.comment &&
  a.dport === b.dport &&
  a.jump === b.jump &&
  sameList(a.before, b.before) &&
  sameList(a.modules, b.modules) &&
  sameList(a.after, b.after);

export const sameRules = (a: readonly Rule[], b: readonly Rule[]): boolean =>
  a.length === b.length && a.every((rule, index) => sameRule(rule, b[index] as Rule));

const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a === b || (a.length === b.length && a.every((word, index) => word === b[index]));

/**
 * `-m statistic --mode random`: matches one of `n` packets. The original writes ten digits, the kernel stores multiples
 * of 2⁻³¹, and `iptables-save` prints eleven digits of them; this is what it prints.
 */
export const oneOf = (n: number): string => {
  const written = Number((1 / n).toFixed(10));
  const steps = 2 ** 31;
  return `-m statistic --mode random --probability ${(Math.round(written * steps) / steps).toFixed(11)}`;
};
