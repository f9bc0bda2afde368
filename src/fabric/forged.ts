// Finds texts that show other rules or sets than the kernel has: iptables-save and `ipset save` print names without
// quotes, and a name may hold a line break or a space. Then what no name can change tells: counts, lists of names.

import { isPlain } from './saved-rules.ts';

/** A space, a control character, a quote, or what is not UTF-8. */
const odd = /[\s\p{Cc}"\\\ufffd]/u;

/** What tells how many rules and elements there are, and what their names are. Each prints lines. */
export const witnesses = {
  /** Empty where there are no sets. */
  sets: 'ipset list -terse 2>/dev/null || true',
  /** The pattern itself where there are no lists. A name cannot hold a slash. */
  lists: `printf '%s\\n' ${['xt_recent', 'ipt_hashlimit', 'ip6t_hashlimit']
    .map((folder) => `/proc/self/net/${folder}/*`)
    .join(' ')}`,
  legacy: legacyWitness(4),
  legacy6: legacyWitness(6),
} as const;

export type Witnesses = Readonly<Record<keyof typeof witnesses, string>>;

/**
 * For each table of iptables-legacy: its name, the number of its entries, and whether the names of links in them are
 * plain. Offsets are those of `ipt_getinfo`, `ipt_get_entries` and `ipt_entry` in linux/netfilter_ipv4/ip_tables.h.
 */
function legacyWitness(version: 4 | 6): string {
  const [file, family, level, links, next] = version === 4 ? ['ip', 2, 0, 16, 90] : ['ip6', 10, 41, 64, 142];
  const names = `/proc/self/net/${file}_tables_names`;
  const program = `
socket(my $socket, ${family}, 3, 255) or die "socket: $!";
my $number = \`uname -m\` =~ /aarch64/ ? 209 : 55;
my $get = sub {
  my ($option, $buffer) = @_;
  my $length = pack "I", length $buffer;
  syscall($number, fileno $socket, ${level}, $option, $buffer, $length) == 0 or die "getsockopt: $!";
  $buffer;
};
while (my $table = <STDIN>) {
  chomp $table;
  my ($count, $size) = unpack "x76II", $get->(64, pack "a32x52", $table);
  my $entries = substr $get->(65, pack "a32Ix4x$size", $table, $size), 40;
  my $plain = 1;
  for (my $at = 0; $at < $size; $at += unpack "S", substr $entries, $at + ${next}, 2) {
    $plain = 0 if join("", unpack "Z16Z16", substr $entries, $at + ${links}, 32) =~ /[^!-~]/;
  }
  print "$table $count $plain\\n";
}`;
  return `if grep -qs . ${names}; then perl -e '${program}' < ${names} || exit 1; fi`;
}

export interface SavedTexts {
  readonly iptables: string;
  readonly ip6tables: string;
  readonly iptablesLegacy: string;
  readonly ip6tablesLegacy: string;
  readonly nft: string;
  readonly ipset: string;
}

/** A name or a line that makes a text look like something else; undefined if all of them are what the kernel has. */
export const forgedName = (texts: SavedTexts, seen: Witnesses): string | undefined =>
  oddList(seen.lists) ??
  forgedSet(texts.ipset, seen.sets) ??
  forgedNft(texts.iptables, texts.nft, 'ip') ??
  forgedNft(texts.ip6tables, texts.nft, 'ip6') ??
  forgedLegacy(texts.iptablesLegacy, seen.legacy) ??
  forgedLegacy(texts.ip6tablesLegacy, seen.legacy6);

const linesOf = (text: string): readonly string[] => text.split('\n').filter(Boolean);

const oddList = (lists: string): string | undefined =>
  linesOf(lists).find((line) => !line.startsWith('/proc/self/net/') || odd.test(line));

const setOption = / (?:(?:family|hashsize|maxelem|bucketsize|initval|netmask|bitmask|markmask|range|size|timeout) \S+)/;
const setFlag = / (?:comment|counters|skbinfo|forceadd)/;
const created = new RegExp(`^create (\\S+) (?:hash|bitmap|list):[a-z,]+(?:${setOption.source}|${setFlag.source})*$`);
const elementOption = / (?:timeout|packets|bytes|skbmark|skbprio|skbqueue) \S+| nomatch| wildcard| comment "[^"]*"/;
const added = new RegExp(`^add (\\S+) \\S+(?:${elementOption.source})*$`);
const described =
  /Name: (.*)\nType: .*\nRevision: .*\nHeader: .*\nSize in memory: .*\nReferences: .*\nNumber of entries: (\d+)\n\n?/y;

const forgedSet = (saved: string, listed: string): string | undefined => {
  const counts = new Map<string, number>();
  const blocks = new RegExp(described);
  let read = 0;
  for (let block = blocks.exec(listed); block; block = blocks.exec(listed)) {
    const [, name = '', count] = block;
    if (odd.test(name)) return name;
    counts.set(name, Number(count));
    read = blocks.lastIndex;
  }
  if (read !== listed.length) return listed.slice(read).split('\n').slice(0, 2).join(' ');
  const found = new Map<string, number>();
  for (const line of linesOf(saved)) {
    const [, name] = created.exec(line) ?? added.exec(line) ?? [];
    if (name === undefined) return line;
    if (line.startsWith('add ')) found.set(name, (found.get(name) ?? 0) + 1);
  }
  // Only a comment, or the name of a link, can add a line. Other sets may change between the two listings.
  if (!/ comment|,iface/.test(saved)) return undefined;
  return [...counts].find(([name, count]) => count < (found.get(name) ?? 0))?.[0];
};

const forgedNft = (saved: string, json: string, family: 'ip' | 'ip6'): string | undefined => {
  if (saved === '') return undefined;
  const names = [
    ...json.matchAll(new RegExp(`\\{"chain": \\{"family": "${family}", "table": ${word}, "name": (${word})`, 'g')),
    ...json.matchAll(new RegExp(`"(?:iif|oif)name"\\}\\}, "right": (${word})`, 'g')),
  ];
  const name = names.map(([, each = '']) => String(JSON.parse(each))).find((each) => odd.test(each));
  if (name !== undefined) return name;
  const counts: Record<string, number> = {};
  // Quotes in a name are escaped in JSON, so that no name looks like the beginning of a rule.
  for (const [, table = ''] of json.matchAll(
    new RegExp(`\\{"rule": \\{"family": "${family}", "table": "(\\w+)",`, 'g'),
  ))
    counts[table] = (counts[table] ?? 0) + 1;
  const isCounted = ({ table, rules }: Counted): boolean => rules <= (counts[table] ?? 0);
  return forgedTable(saved, (counted) => isCounted(counted) || isPlain(saved));
};

/** A string in JSON. */
const word = '"(?:[^"\\\\]|\\\\.)*"';

const forgedLegacy = (saved: string, seen: string): string | undefined => {
  if (saved === '') return undefined;
  const tables = new Map(
    linesOf(seen).map((line) => {
      const [name = '', count, plain] = line.split(' ');
      return [name, { count: Number(count), isPlain: plain === '1' }];
    }),
  );
  const odd = [...tables].find(([, { isPlain }]) => !isPlain);
  if (odd) return `-i … (${odd[0]})`;
  // A chain that somebody made has an entry at its beginning and one at its end; a table has one at its end.
  return forgedTable(
    saved,
    ({ table, rules, policies, chains }) => rules + policies + 2 * chains + 1 <= (tables.get(table)?.count ?? 0),
  );
};

interface Counted {
  readonly table: string;
  readonly rules: number;
  readonly policies: number;
  readonly chains: number;
}

/** A line of a saved text that cannot be what it seems; or the table whose count is not that of the kernel. */
const forgedTable = (saved: string, isTrue: (counted: Counted) => boolean): string | undefined => {
  // Quotes hold what they hold. A line break in them is not the end of a rule.
  const text = saved.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""');
  let open = { table: '', rules: 0, policies: 0, chains: 0 };
  for (const line of linesOf(text)) {
    if (line.startsWith('#')) continue;
    const [, table] = /^\*(\w+)$/.exec(line) ?? [];
    if (table !== undefined) open = { table, rules: 0, policies: 0, chains: 0 };
    else if (line === 'COMMIT') {
      if (!isTrue(open)) return open.table;
    } else if (/^:\S+ (?:ACCEPT|DROP|QUEUE) \[\d+:\d+\]$/.test(line)) open.policies += 1;
    else if (/^:\S+ - \[\d+:\d+\]$/.test(line)) open.chains += 1;
    else if (line.startsWith('-A ') && isInOrder(line)) open.rules += 1;
    else return line;
  }
  return undefined;
};

/** iptables-save prints addresses, links and the protocol first, then the matches, then the target. */
const isInOrder = (line: string): boolean =>
  !/ -m .* -[sdiopf] /.test(line) &&
  !/ -[jg] .* -[sdiopfmjg] /.test(line) &&
  // Quotes that no other quote closes.
  (line.split('"').length - 1) % 2 === 0;
