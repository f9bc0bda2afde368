// Reads all that decides where a packet goes, from every network namespace of a lab.
import type { DataplaneParams, NamespaceTexts } from '../api/fabric.ts';
import { parseListeners } from './listeners.ts';
import { namespacesOf } from './namespaces.ts';
import { find } from './place.ts';
import { machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, type Netns, run } from './run.ts';

const timeoutMs = 15_000;

/** The fabric's own namespace, with the bridge between the machines, comes first. */
export const createDataplane =
  (table: ProcessTable) =>
  async ({ machines }: DataplaneParams, signal: AbortSignal): Promise<readonly NamespaceTexts[]> => {
    const ofMachines = machines.map(async ({ machine, pid }) => {
      await using namespaces = await namespacesOf(pid, await machineProcesses(table, pid), { thorough: true });
      await using own = await find(table, { machine, pid });
      return await Promise.all(
        namespaces.all.map(async ({ id, netns }) => ({
          machine,
          id,
          isOwn: id === own.namespace.id,
          ...(await textsOf(netns, signal)),
        })),
      );
    });
    const fabric = textsOf(undefined, signal).then((texts) => ({ machine: 'fabric', isOwn: true, ...texts }));
    return [await fabric, ...(await Promise.all(ofMachines)).flat()];
  };

/** By section: the command, and whether a kernel without this feature makes it fail. */
const commands: Readonly<Record<string, { readonly command: string; readonly optional?: true }>> = {
  addresses: { command: 'ip -details -json address' },
  routes: { command: 'ip -json route show table all' },
  routes6: { command: 'ip -6 -json route show table all', optional: true },
  rules: { command: 'ip -json rule' },
  rules6: { command: 'ip -6 -json rule', optional: true },
  neighbours: { command: 'ip -json neigh' },
  fdb: { command: 'bridge -json fdb' },
  iptables: { command: 'iptables-nft-save' },
  ip6tables: { command: 'ip6tables-nft-save' },
  // Without the module ip_tables, there is no such table.
  iptablesLegacy: { command: 'iptables-legacy-save', optional: true },
  ip6tablesLegacy: { command: 'ip6tables-legacy-save', optional: true },
  nft: { command: 'nft -j list ruleset' },
  ipset: { command: 'ipset save', optional: true },
  ipvs: { command: 'ipvsadm -Sn', optional: true },
  queues: { command: 'tc -json qdisc show' },
  // A kernel before 5.15 has no default policies.
  xfrm: { command: '{ ip -o xfrm policy && { ip xfrm policy getdefault || true; }; }', optional: true },
};

/** `grep -sH ""` prints each line of a file behind the file's name, and skips files that this kernel lacks. */
const linkSysctls = 'forwarding rp_filter route_localnet accept_local src_valid_mark arp_ignore proxy_arp';
const files: Readonly<Record<string, string>> = {
  sysctls: [
    'net/ipv4/ip_forward net/ipv6/conf/all/forwarding net/ipv4/vs/conntrack',
    'net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables',
    ...linkSysctls.split(' ').map((name) => `net/ipv4/conf/*/${name}`),
  ]
    .join(' ')
    .split(' ')
    .map((path) => `/proc/sys/${path}`)
    .join(' '),
  recent: '/proc/self/net/xt_recent/*',
  tcp: '/proc/self/net/tcp /proc/self/net/tcp6',
  udp: '/proc/self/net/udp /proc/self/net/udp6',
};

/** One shell for all, because each entry into a namespace costs as much as a tool. NUL bytes part the sections. */
export const readingScript = [
  'exec 3>&1',
  ...Object.entries(commands).map(
    ([section, { command }]) =>
      `printf '\\0${section}\\0'; problem=$(${command} 2>&1 >&3 3>&-) || printf '\\0!%s' "$problem"`,
  ),
  ...Object.entries(files).map(([section, paths]) => `printf '\\0${section}\\0'; grep -sH "" ${paths}`),
  'true',
].join('\n');

export type Texts = Omit<NamespaceTexts, 'machine' | 'id' | 'isOwn'>;

/** Each node of a large cluster has some megabytes. */
export const mostTextBytes = 256 << 20;

const textsOf = async (netns: Netns | undefined, signal: AbortSignal): Promise<Texts> => {
  const { code, stdout, timedOut } = await run(['sh', '-c', readingScript], {
    netns,
    timeoutMs,
    signal,
    maxBytes: mostTextBytes,
  });
  if (timedOut) throw new AgentError('FABRIC_TIMEOUT', `reading the data plane took more than ${timeoutMs} ms`);
  if (code !== 0) throw new AgentError('FABRIC_TOOL', `reading the data plane failed: exit code ${code}`);
  return parseTexts(stdout);
};

/** @param stdout what `readingScript` prints */
export const parseTexts = (stdout: string): Texts => {
  const sections = sectionsOf(stdout);
  const text = (name: string): string => sections.get(name)?.text ?? '';
  const read = Object.keys(commands).map((name) => {
    const { text: said = '', problem } = sections.get(name) ?? {};
    if (problem === undefined) return [name, said];
    if (commands[name]?.optional) return [name, ''];
    throw new AgentError('FABRIC_TOOL', `\`${commands[name]?.command}\` failed: ${problem.slice(-500)}`);
  });
  return {
    ...(Object.fromEntries(read) as Omit<Texts, 'sysctls' | 'recent' | 'listeners'>),
    sysctls: linesOf(text('sysctls'))
      .map(([path, value]) => `${path.replace('/proc/sys/', '').replaceAll('/', '.')} = ${value}`)
      .join('\n'),
    recent: recentOf(text('recent')),
    listeners: (['tcp', 'udp'] as const).flatMap((protocol) => {
      const byFile = Map.groupBy(linesOf(text(protocol)), ([path]) => path);
      return [...byFile.values()].flatMap((lines) =>
        parseListeners(protocol, lines.map(([, line]) => line).join('\n')),
      );
    }),
  };
};

const sectionsOf = (stdout: string): ReadonlyMap<string, { readonly text: string; readonly problem?: string }> => {
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

/** `path:line` → [path, line] */
const linesOf = (text: string): readonly (readonly [string, string])[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    });

/** List → its lines. */
const recentOf = (text: string): Readonly<Record<string, string>> => {
  const lists = Map.groupBy(linesOf(text), ([path]) => path.split('/').at(-1) ?? '');
  return Object.fromEntries([...lists].map(([list, lines]) => [list, lines.map(([, line]) => line).join('\n')]));
};
