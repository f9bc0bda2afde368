// Reads all that decides where a packet goes, from every network namespace of a lab.
import type { DataplaneParams, NamespaceTexts } from '../api/dataplane.ts';
import { bpfPrograms } from './bpf.ts';
import { forgedName, type Witnesses, witnesses } from './forged.ts';
import { parseListeners } from './listeners.ts';
import { namesOf, namespacesOf } from './namespaces.ts';
import { find } from './place.ts';
import { machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, type Netns, run } from './run.ts';
import { cleanJson, forged, isForged, lineWithoutText, notText } from './tool-text.ts';

const timeoutMs = 15_000;

/** The fabric's own namespace, with the bridge between the machines, comes first. */
export const createDataplane =
  (table: ProcessTable) =>
  async ({ machines }: DataplaneParams, signal: AbortSignal): Promise<readonly NamespaceTexts[]> => {
    const ofMachines = machines.map(async ({ machine, pid }) => {
      await using namespaces = await namespacesOf(pid, await machineProcesses(table, pid), { thorough: true });
      await using own = await find(table, { machine, pid });
      const named = Map.groupBy(await namesOf(pid), ([, id]) => id);
      return await Promise.all(
        namespaces.all.map(async ({ id, netns }) => ({
          machine,
          id,
          isOwn: id === own.namespace.id,
          ...(named.has(id) ? { names: named.get(id)?.map(([name]) => name) ?? [] } : {}),
          ...(await textsOf(machine, netns, signal)),
        })),
      );
    });
    const fabric = textsOf(undefined, undefined, signal).then((texts) => ({
      machine: 'fabric',
      isOwn: true,
      ...texts,
    }));
    // One wait for all: a failure that comes before its own wait would end the agent.
    const [own, ...others] = await Promise.all([fabric, ...ofMachines]);
    return [own, ...others.flat()];
  };

export type Texts = Omit<NamespaceTexts, 'machine' | 'id' | 'isOwn' | 'names'>;
type Printed = Exclude<keyof Texts, 'sysctls' | 'arpTables' | 'recent' | 'listeners' | 'bpf'>;

interface Command {
  readonly command: string;
  /** The texts that it prints: all of its output, or a line for each. */
  readonly texts: readonly [Printed, ...Printed[]];
  /** A kernel without this feature makes it fail. */
  readonly optional?: true;
}

/** One program for several questions. With -json, the answer to each is a line. */
const batch = (program: string, ...questions: readonly string[]): string =>
  `printf '%s\\n' ${questions.map((question) => `'${question}'`).join(' ')} | ${program} -batch -`;
const onlyIf = (condition: string, command: string): string => `if ${condition}; then ${command}; fi`;

/** Each program takes milliseconds, and a lab has a namespace for each pod. So what is surely empty is not asked. */
const commands: readonly Command[] = [
  {
    command: batch('ip -details -json', 'address', 'route show table all', 'rule', 'neigh'),
    texts: ['addresses', 'routes', 'rules', 'neighbours'],
  },
  { command: batch('ip -6 -json', 'route show table all', 'rule'), texts: ['routes6', 'rules6'], optional: true },
  { command: 'bridge -json fdb', texts: ['fdb'] },
  { command: 'tc -json qdisc show', texts: ['queues'] },
  // The line that is no text says why it fails.
  { command: "nft -j list ruleset || { nft list ruleset | grep -axv -m1 '.*' >&2; false; }", texts: ['nft'] },
  { command: onlyIf('nft list tables | grep -q .', 'iptables-nft-save'), texts: ['iptables'] },
  { command: onlyIf('nft list tables | grep -q .', 'ip6tables-nft-save'), texts: ['ip6tables'] },
  // Asking for a table makes it. The file lists those that are there, and is missing without the module. Its size is
  // always 0.
  { command: onlyIf('grep -qs . /proc/self/net/ip_tables_names', 'iptables-legacy-save'), texts: ['iptablesLegacy'] },
  {
    command: onlyIf('grep -qs . /proc/self/net/ip6_tables_names', 'ip6tables-legacy-save'),
    texts: ['ip6tablesLegacy'],
  },
  { command: 'ipset save', texts: ['ipset'], optional: true },
  { command: onlyIf('[ -e /proc/self/net/ip_vs ]', 'ipvsadm -Sn'), texts: ['ipvs'] },
  // A kernel before 5.15 has no default policies.
  {
    command: `{ ${batch('ip -o -force', 'xfrm policy', 'xfrm policy getdefault')} || true; }`,
    texts: ['xfrm'],
    optional: true,
  },
];

const linkSysctls = 'forwarding rp_filter route_localnet accept_local src_valid_mark arp_ignore proxy_arp';
const files = [
  ...[
    'net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv4/vs/conntrack',
    'net/ipv4/ip_default_ttl',
    ...['ipv4', 'ipv6'].map((family) => `net/${family}/neigh/*/mcast_solicit net/${family}/neigh/*/ucast_solicit`),
    'net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables',
    ...linkSysctls.split(' ').map((name) => `net/ipv4/conf/*/${name}`),
  ].flatMap((paths) => paths.split(' ').map((path) => `/proc/sys/${path}`)),
  ...['xt_recent/*', 'arp_tables_names', 'tcp', 'tcp6', 'udp', 'udp6'].map((path) => `/proc/self/net/${path}`),
];

/** The last section, because NUL bytes also end the names of the files. */
const filesBegin = '\0files\0';

/**
 * One shell for all, because each entry into a namespace costs as much as a tool. NUL bytes part the sections. `grep`
 * prints each line of a file behind the file's name and a NUL byte, and with `-s` skips files that this kernel lacks.
 */
export const readingScript = [
  'exec 3>&1',
  ...commands.map(
    ({ command, texts: [section] }) =>
      `printf '\\0${section}\\0'; problem=$({ ${command}; } 2>&1 >&3 3>&-) || printf '\\0!%s' "$problem"`,
  ),
  ...Object.entries(witnesses).map(([name, command]) => `printf '\\0${name}\\0'; ${command}`),
  `printf '\\0bpf\\0'; ${bpfPrograms}`,
  `printf '${filesBegin.replaceAll('\0', '\\0')}'; grep -sHZ "" ${files.join(' ')}`,
  'true',
].join('\n');

/** Each node of a large cluster has some megabytes. */
export const mostTextBytes = 256 << 20;

/** kube-proxy may write between two tools, which then show different rules. */
const mostTries = 5;

const textsOf = async (machine: string | undefined, netns: Netns | undefined, signal: AbortSignal): Promise<Texts> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await textsNow(machine, netns, signal);
    } catch (error) {
      if (!isForged(error) || tries === mostTries) throw error;
    }
  }
};

const textsNow = async (machine: string | undefined, netns: Netns | undefined, signal: AbortSignal): Promise<Texts> => {
  const { code, stdout, timedOut } = await run(['sh', '-c', readingScript], {
    netns,
    timeoutMs,
    signal,
    maxBytes: mostTextBytes,
  });
  if (timedOut) throw new AgentError('FABRIC_TIMEOUT', `reading the data plane took more than ${timeoutMs} ms`);
  if (code !== 0) throw new AgentError('FABRIC_TOOL', `reading the data plane failed: exit code ${code}`);
  return parseTexts(machine, stdout);
};

/**
 * @param machine undefined: the fabric itself, whose rules no student writes
 * @param stdout what `readingScript` prints
 */
export const parseTexts = (machine: string | undefined, stdout: string): Texts => {
  const filesAt = stdout.indexOf(filesBegin);
  const sections = sectionsOf(stdout.slice(0, filesAt));
  const line = lineWithoutText(sections.get('nft')?.problem ?? '');
  if (machine !== undefined && line !== undefined) throw notText(machine, line);
  const lines = linesOf(stdout.slice(filesAt + filesBegin.length));
  const under = (folder: string) => lines.filter(([path]) => path.startsWith(folder));
  const all = Object.fromEntries(commands.flatMap((command) => printed(command, sections))) as Record<Printed, string>;
  const seen = Object.keys(witnesses).map((name) => [name, sections.get(name)?.text ?? '']);
  const name = machine === undefined ? undefined : forgedName(all, Object.fromEntries(seen) as Witnesses);
  if (machine !== undefined && name !== undefined) throw forged(machine, name);
  return {
    ...all,
    bpf: sections.get('bpf')?.text ?? '',
    sysctls: under('/proc/sys/')
      .map(([path, value]) => `${path.replace('/proc/sys/', '').replaceAll('/', '.')} = ${value}`)
      .join('\n'),
    arpTables: under('/proc/self/net/arp_tables_names')
      .map(([, name]) => name)
      .join('\n'),
    recent: recentOf(under('/proc/self/net/xt_recent/')),
    listeners: (['tcp', 'udp'] as const).flatMap((protocol) => {
      const byFile = Map.groupBy(under(`/proc/self/net/${protocol}`), ([path]) => path);
      return [...byFile.values()].flatMap((each) => parseListeners(protocol, each.map(([, line]) => line).join('\n')));
    }),
  };
};

/** The texts of one command. @throws AgentError `FABRIC_TOOL` */
const printed = (
  { command, texts, optional }: Command,
  sections: Sections,
): readonly (readonly [Printed, string])[] => {
  const { text = '', problem } = sections.get(texts[0]) ?? {};
  if (problem !== undefined && !optional)
    throw new AgentError('FABRIC_TOOL', `\`${command}\` failed: ${problem.slice(-500)}`);
  if (problem !== undefined) return texts.map((name) => [name, '']);
  if (texts.length === 1) return [[texts[0], isIproute(command) ? cleanJson(text) : text]];
  const answers = cleanJson(text).trimEnd().split('\n');
  if (answers.length !== texts.length)
    throw new AgentError('FABRIC_TOOL', `\`${command}\` gave ${answers.length} answers to ${texts.length} questions`);
  return texts.map((name, index) => [name, answers[index] ?? '']);
};

const isIproute = (command: string): boolean => / -json /.test(command);

type Sections = ReadonlyMap<string, { readonly text: string; readonly problem?: string }>;

const sectionsOf = (stdout: string): Sections => {
  const parts = stdout.split('\0').slice(1);
  const sections = new Map<string, { text: string; problem?: string }>();
  let name = '';
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? '';
    if (part.startsWith('!')) sections.set(name, { text: '', problem: part.slice(1) });
    else {
      name = part;
      sections.set(name, { text: parts[++index] ?? '' });
    }
  }
  return sections;
};

/** The name of a file, a NUL byte, and a line of the file: [path, line]. A name may hold anything else. */
const linesOf = (text: string): readonly (readonly [string, string])[] =>
  [...text.matchAll(/([^\0]+)\0([^\n]*)\n/gy)].map(([, path = '', line = '']) => [path, line] as const);

/** List → its lines. */
const recentOf = (found: ReturnType<typeof linesOf>): Readonly<Record<string, string>> => {
  const lists = Map.groupBy(found, ([path]) => path.split('/').at(-1) ?? '');
  return Object.fromEntries([...lists].map(([list, lines]) => [list, lines.map(([, line]) => line).join('\n')]));
};
