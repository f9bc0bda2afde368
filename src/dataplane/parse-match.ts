// The words of one match → Match. An unknown module becomes `unknown`, never an error.
import type { ConntrackState, Match, PortMatch, PortRange } from './model.ts';
import { unquote } from './words.ts';

/** Options of iptables itself, outside of any module. */
export const baseOptions: ReadonlySet<string> = new Set(['-s', '-d', '-i', '-o', '-p', '-f']);

/** Options whose value is free text, which may look like an option: `--comment -d`. */
export const takesAnyWord: ReadonlySet<string> = new Set([
  '--comment',
  '--string',
  '--hex-string',
  '--name',
  '--nfacct-name',
]);

/** `! -s 10.244.0.0/16`, `-p tcp`, … */
export const parseBaseMatch = (words: readonly string[]): Match => {
  const negated = words.includes('!');
  const [option, value = ''] = words.filter((word) => word !== '!' && word !== '');
  switch (option) {
    case '-s':
      return { kind: 'source', negated, cidr: value, words };
    case '-d':
      return { kind: 'destination', negated, cidr: value, words };
    case '-i':
      return { kind: 'inInterface', negated, name: unquote(value), words };
    case '-o':
      return { kind: 'outInterface', negated, name: unquote(value), words };
    case '-p':
      return { kind: 'protocol', negated, protocol: value.toLowerCase(), words };
    default:
      return { kind: 'unknown', module: option ?? '', words };
  }
};

/**
 * @param words from `-m` to the module's last word; from the first option when `-m` is left out
 * @param module e.g. `tcp`, `comment`, `recent`
 */
export const parseModule = (words: readonly string[], module: string): Match => {
  const options = readOptions(words[0] === '-m' ? words.slice(2) : words);
  return parsers[module]?.(options, words) ?? { kind: 'unknown', module, words };
};

/** An option of a module: `! --dport 80` is `{negated: true, values: ['80']}`. */
export interface Option {
  readonly name: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** @param words without the leading `-m MODULE` */
export const readOptions = (words: readonly string[]): Option[] => {
  const options: { name: string; negated: boolean; values: string[] }[] = [];
  let negated = false;
  for (const [index, word] of words.entries()) {
    if (word === '') continue;
    if (takesAnyWord.has(words[index - 1] ?? '')) options.at(-1)?.values.push(unquote(word));
    else if (word === '!') negated = true;
    else if (word.startsWith('--')) {
      options.push({ name: word.slice(2), negated, values: [] });
      negated = false;
    } else options.at(-1)?.values.push(unquote(word));
  }
  return options;
};

type Parser = (options: readonly Option[], words: readonly string[]) => Match | undefined;

const get = (options: readonly Option[], ...names: string[]): Option | undefined =>
  options.find(({ name }) => names.includes(name));
const numberOf = (option: Option | undefined): number | undefined =>
  option?.values[0] === undefined ? undefined : Number(option.values[0]);

const parsePorts =
  (protocol: Extract<Match, { kind: 'ports' }>['protocol']): Parser =>
  (options, words) => {
    const sport = portMatch(get(options, 'sport', 'source-port'));
    const dport = portMatch(get(options, 'dport', 'destination-port'));
    const flags = options
      .filter(({ name }) => !['sport', 'source-port', 'dport', 'destination-port'].includes(name))
      .map(({ name, negated, values }) => [negated ? '!' : '', `--${name}`, ...values].filter(Boolean).join(' '));
    return {
      kind: 'ports',
      protocol,
      ...(sport ? { sport } : {}),
      ...(dport ? { dport } : {}),
      ...(flags.length > 0 ? { flags } : {}),
      words,
    };
  };

const portMatch = (option: Option | undefined): PortMatch | undefined =>
  option ? { ...parsePortRange(option.values[0] ?? '', ':'), negated: option.negated } : undefined;

/** `80`, `8000:8080` in matches, `8000-8080` in targets. A missing end means 0 or 65535. */
export const parsePortRange = (text: string, separator: ':' | '-'): PortRange => {
  const [first = '', last] = text.split(separator);
  return {
    first: first === '' ? 0 : Number(first),
    last: last === undefined ? Number(first) : last === '' ? 65_535 : Number(last),
  };
};

const parseMultiport: Parser = (options, words) => {
  const option = get(options, 'dports', 'destination-ports', 'sports', 'source-ports', 'ports');
  if (!option) return undefined;
  const direction = option.name.startsWith('d') ? 'destination' : option.name.startsWith('s') ? 'source' : 'either';
  const ports = (option.values[0] ?? '').split(',').map((text) => parsePortRange(text, ':'));
  return { kind: 'multiport', direction, negated: option.negated, ports, words };
};

const parseConntrack: Parser = (options, words) => {
  const option = get(options, 'ctstate', 'state');
  const states = option?.values[0]?.split(',') as ConntrackState[] | undefined;
  const rest = options.filter((other) => other !== option).map(({ name }) => `--${name}`);
  return { kind: 'conntrack', negated: option?.negated ?? false, ...(states ? { states } : {}), rest, words };
};

const parseAddrtype: Parser = (options, words) => {
  const side = (option: Option | undefined) =>
    option ? { type: option.values[0] ?? '', negated: option.negated } : undefined;
  const source = side(get(options, 'src-type'));
  const destination = side(get(options, 'dst-type'));
  return { kind: 'addrtype', ...(source ? { source } : {}), ...(destination ? { destination } : {}), words };
};

const parseMark =
  (kind: 'mark' | 'connmark'): Parser =>
  (options, words) => {
    const option = get(options, 'mark');
    return option
      ? { kind, negated: option.negated, ...parseMarkValue(option.values[0] ?? '0', 0xffffffff), words }
      : undefined;
  };

/** `0x4000/0x4000`, or `0x4000` with the default `mask`. */
export const parseMarkValue = (text: string, mask: number): { readonly value: number; readonly mask: number } => {
  const [value = '0', written] = text.split('/');
  return { value: Number(value), mask: written === undefined ? mask : Number(written) };
};

const parseStatistic: Parser = (options, words) => {
  const random = get(options, 'probability');
  if (random) {
    return {
      kind: 'statistic',
      mode: 'random',
      negated: random.negated,
      probability: Number(random.values[0] ?? 0),
      words,
    };
  }
  const every = get(options, 'every');
  if (!every) return undefined;
  const packet = numberOf(get(options, 'packet')) ?? 0;
  return { kind: 'statistic', mode: 'nth', negated: every.negated, every: numberOf(every) ?? 1, packet, words };
};

const parseRecent: Parser = (options, words) => {
  const action = get(options, 'set', 'rcheck', 'update', 'remove');
  if (!action) return undefined;
  const seconds = numberOf(get(options, 'seconds'));
  const hitcount = numberOf(get(options, 'hitcount'));
  return {
    kind: 'recent',
    negated: action.negated,
    action: action.name as 'set' | 'rcheck' | 'update' | 'remove',
    name: get(options, 'name')?.values[0] ?? 'DEFAULT',
    ...(seconds === undefined ? {} : { seconds }),
    ...(hitcount === undefined ? {} : { hitcount }),
    side: get(options, 'rdest') ? 'destination' : 'source',
    words,
  };
};

const parseSet: Parser = (options, words) => {
  const option = get(options, 'match-set');
  if (!option) return undefined;
  const [name = '', directions = ''] = option.values;
  return { kind: 'set', negated: option.negated, name, directions: directions.split(','), words };
};

const parsers: Readonly<Record<string, Parser>> = {
  tcp: parsePorts('tcp'),
  udp: parsePorts('udp'),
  sctp: parsePorts('sctp'),
  dccp: parsePorts('dccp'),
  udplite: parsePorts('udplite'),
  multiport: parseMultiport,
  comment: (options, words) => ({ kind: 'comment', text: get(options, 'comment')?.values[0] ?? '', words }),
  conntrack: parseConntrack,
  state: parseConntrack,
  addrtype: parseAddrtype,
  mark: parseMark('mark'),
  connmark: parseMark('connmark'),
  statistic: parseStatistic,
  recent: parseRecent,
  set: parseSet,
};
