// Reads a namespace's rules. iptables-save prints some names without quotes, and a name may contain a line break: then
// lines look like rules that the kernel does not have. Then the kernel's own count of the rules tells.
import { AgentError } from './run.ts';

export interface SavedRules {
  readonly text: string;
  /** The text shows other rules than the kernel has, or nobody can tell: a student chose names to achieve this. */
  readonly isForged: boolean;
}

type Run = (command: readonly string[]) => Promise<string>;

/** kube-proxy may write between two tools. */
const mostTries = 5;

export const saveRules = async (run: Run): Promise<SavedRules> => {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const text = await run(['iptables-save']);
    const chains = chainsIn(await list(run, 'chains'));
    if (!chains.every(isPlainName)) return { text, isForged: true };
    if (isPlain(text)) return { text, isForged: false };
    const counts = countsIn(await list(run, 'ruleset'));
    if (withoutCounters(await run(['iptables-save'])) === withoutCounters(text))
      return { text, isForged: !isAsCounted(text, counts) };
  }
  throw new AgentError('FABRIC_UNSTABLE', 'the rules changed again and again while they were read');
};

/** Undefined when nft cannot read what a student wrote into its tables. */
const list = (run: Run, what: 'chains' | 'ruleset'): Promise<string | undefined> =>
  run(['nft', '-j', 'list', what, 'ip']).catch((error) => {
    if (error instanceof AgentError && error.code === 'FABRIC_TOOL' && !/can't be run/.test(error.message))
      return undefined;
    throw error;
  });

const chainsIn = (json: string | undefined): readonly string[] =>
  json === undefined
    ? ['']
    : [...json.matchAll(/\{"chain": (\{.*?"handle": \d+)/g)].map(([, chain = '']) => nameIn(chain));

const nameIn = (chain: string): string => /"name": "((?:[^"\\]|\\.)*)"/.exec(chain)?.[1] ?? '';

/** In JSON, a line break in a name is an escape sequence. */
const isPlainName = (name: string): boolean => /^[!-[\]-~]+$/.test(name);

/** Quotes in a name are escaped in JSON, so that no name looks like the beginning of a rule. */
const countsIn = (json: string | undefined): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const [, table = ''] of (json ?? '').matchAll(/\{"rule": \{"family": "ip", "table": "(\w+)",/g))
    counts[table] = (counts[table] ?? 0) + 1;
  return counts;
};

/** One statement a line, in the order in which iptables-save prints them, with as many rules as counted. */
const isAsCounted = (text: string, counts: Readonly<Record<string, number>>): boolean => {
  const tables = text.matchAll(/(?:#.*\n)*\*(\w+)\n((?::.*\n)*)((?:-A .*\n)*)COMMIT\n(?:#.*\n)*/gy);
  let read = 0;
  for (const [whole, table = '', , rules = ''] of tables) {
    read += whole.length;
    const written = rules.split('\n').slice(0, -1);
    if (written.length !== (counts[table] ?? 0) || !written.every(hasWholeQuotes)) return false;
  }
  return read === text.length;
};

const hasWholeQuotes = (line: string): boolean => (line.replaceAll(/\\./g, '').split('"').length - 1) % 2 === 0;

const withoutCounters = (text: string): string => text.replaceAll(/^#.*$|\[\d+:\d+\]$/gm, '');

/** Options whose values are numbers, addresses, words of iptables, or in quotes. Chain names are looked at apart. */
const plainOptions: ReadonlySet<string> = new Set([
  ...[
    '-A',
    '-s',
    '-d',
    '-p',
    '-m',
    '-j',
    '-g',
    '-f',
    '--comment',
    '--dport',
    '--sport',
    '--dports',
    '--sports',
    '--ports',
  ],
  ...['--to-destination', '--to-source', '--to-ports', '--random', '--random-fully', '--persistent', '--log-prefix'],
  ...['--set-xmark', '--xor-mark', '--or-mark', '--and-mark', '--mark', '--save-mark', '--restore-mark', '--nfmask'],
  ...['--ctmask', '--mode', '--probability', '--every', '--packet', '--ctstate', '--state', '--ctorigdst', '--ctdir'],
  ...[
    '--dst-type',
    '--src-type',
    '--reject-with',
    '--tcp-flags',
    '--icmp-type',
    '--limit',
    '--limit-burst',
    '--log-level',
  ],
  ...['--notrack', '--u32', '--hex-string', '--string', '--algo', '--src-range', '--dst-range', '--nfacct-name'],
]);

/** No rule has a name that a student can choose, except the names of chains. */
export const isPlain = (text: string): boolean =>
  text
    .replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""')
    .split('\n')
    .every(
      (line) =>
        !line.startsWith('-') || line.split(' ').every((word) => !/^-+[a-zA-Z]/.test(word) || plainOptions.has(word)),
    );
