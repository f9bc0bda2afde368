// One rule as data, and its text: words in the order in which `iptables-save` prints them, so that what is written is what is read back.

export interface RuleSpec {
  /** `-s`; with `! ` in front, negated. IPs get their prefix length. */
  readonly source?: string;
  /** `-d` */
  readonly destination?: string;
  /** `-i` */
  readonly inInterface?: string;
  /** Lower case. */
  readonly protocol?: string;
  readonly comment?: string;
  /** Modules in front of the comment. */
  readonly before?: readonly string[];
  /** Modules between the comment and the protocol's own. */
  readonly modules?: readonly string[];
  /** `-m tcp --dport`; 0 stands for `-m tcp` alone. */
  readonly dport?: number;
  /** Modules after the protocol's own. */
  readonly after?: readonly string[];
  /** `-j …`; absent: the rule only tells something. */
  readonly jump?: string;
}

/** Without `-A CHAIN`. */
export const ruleText = (spec: RuleSpec): string =>
  [
    network('-s', spec.source),
    network('-d', spec.destination),
    spec.inInterface === undefined ? '' : negatable('-i', spec.inInterface, (name) => name),
    spec.protocol === undefined ? '' : `-p ${spec.protocol}`,
    ...(spec.before ?? []),
    spec.comment === undefined ? '' : `-m comment --comment "${spec.comment}"`,
    ...(spec.modules ?? []),
    spec.dport === undefined ? '' : `-m ${spec.protocol}${spec.dport === 0 ? '' : ` --dport ${spec.dport}`}`,
    ...(spec.after ?? []),
    spec.jump === undefined ? '' : `-j ${spec.jump}`,
  ]
    .filter((part) => part !== '')
    .join(' ');

const network = (option: string, text: string | undefined): string =>
  text === undefined ? '' : negatable(option, text, withPrefix);

const negatable = (option: string, text: string, map: (text: string) => string): string =>
  text.startsWith('! ') ? `! ${option} ${map(text.slice(2))}` : `${option} ${map(text)}`;

const withPrefix = (text: string): string => (text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`);

/**
 * `-m statistic --mode random` that lets one of `n` by. The kernel counts in 2⁻³¹; the text is what it prints back for the ten
 * digits that the original writes.
 */
export const oneOf = (n: number): string => {
  const written = Number((1 / n).toFixed(10));
  const steps = 2 ** 31;
  return `-m statistic --mode random --probability ${(Math.round(written * steps) / steps).toFixed(11)}`;
};
