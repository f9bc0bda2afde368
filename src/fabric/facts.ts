// Gathers facts about one place from the kernel, with the fabric's own tools. Tools that a student replaced are not
// used.
import type { FactName, Facts, FactsParams, ListenerFact, NamespaceFact, Place } from '../api/facts.ts';
import { isGenuine } from './genuine.ts';
import { parseLinks, parseRoutes } from './links.ts';
import { parseListeners } from './listeners.ts';
import { type Namespace, namespacesOf } from './namespaces.ts';
import { find } from './place.ts';
import { describeProcesses, machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, type Netns, runOk, run as runTool } from './run.ts';
import { type SavedRules, saveRules } from './saved-rules.ts';
import { readSocketTable } from './socket-tables.ts';
import { conntrackCount, sysctlFile, sysctls } from './sysctls.ts';
import { lineWithoutText, notText } from './tool-text.ts';

const timeoutMs = 5000;
const ipLinks = ['ip', '-details', '-json', 'address'] as const;

/** Gathers the wanted facts in parallel. */
export const createFacts =
  (table: ProcessTable) =>
  (params: FactsParams, signal?: AbortSignal): Promise<Facts> =>
    gather(table, params, signal);

const gather = async (table: ProcessTable, { place, want }: FactsParams, signal?: AbortSignal): Promise<Facts> => {
  await using found = await find(table, place);
  const { namespace } = found;
  const wanted = new Set<FactName>(want);
  const run = (command: readonly string[]): Promise<string> =>
    runOk(command, { netns: namespace.netns, timeoutMs, signal });
  const members = wanted.has('processes') || wanted.has('namespaces') ? machineProcesses(table, place.pid) : undefined;
  let reading: Promise<SavedRules> | undefined;
  const saved = (): Promise<SavedRules> => {
    reading ??= saveRules(run);
    return reading;
  };
  const gatherers: Record<FactName, () => Promise<unknown>> = {
    iptables: async () => (await saved()).text,
    rulesForged: async () => (await saved()).isForged,
    ip6tables: () => run(['ip6tables-save']),
    links: async () => parseLinks(await run(ipLinks)),
    routes: async () => parseRoutes(await run(['ip', '-details', '-json', 'route', 'show', 'table', 'main'])),
    listeners: () => listenersOf(namespace, signal),
    processes: async () =>
      describeProcesses(
        ((await members) ?? []).filter(({ netns }) => isWholeMachine(place) || netns === namespace.id),
        (process) => isGenuine({ ...process, place, netns: namespace.netns }),
      ),
    namespaces: async () => describeNamespaces(place.pid, (await members) ?? [], signal),
    sysctls: () => sysctlsOf(run),
    nft: () => nftOf(place.machine, run),
    conntrack: async () => (await Promise.all(families.map((family) => run([...conntrack, family])))).join('\n'),
    ipvs: () => ipvsOf(namespace.netns, signal),
  };
  const entries = [...wanted].map(async (name) => [name, await gatherers[name]()] as const);
  return Object.fromEntries(await Promise.all(entries)) as Facts;
};

const isWholeMachine = ({ podIp, netns }: Place): boolean => podIp === undefined && netns === undefined;

type Run = (command: readonly string[]) => Promise<string>;

const nftOf = async (machine: string, run: Run): Promise<string> => {
  try {
    return await run(['nft', '-j', 'list', 'ruleset']);
  } catch (error) {
    const line = lineWithoutText(await run(['nft', 'list', 'ruleset']).catch(() => ''));
    throw line === undefined ? error : notText(machine, line);
  }
};

const families = ['ipv4', 'ipv6'] as const;
const conntrack = ['conntrack', '-L', '-o', 'extended', '-f'] as const;

const ipvsOf = async (netns: Netns, signal?: AbortSignal): Promise<Facts['ipvs']> => {
  const { code, stdout, stderr } = await runTool(['ipvsadm', '-Sn'], { netns, timeoutMs, signal });
  if (code === 0) return { isSupported: true, saved: stdout };
  if (/Protocol not available|built in the kernel/.test(stderr)) return { isSupported: false, saved: '' };
  throw new AgentError('FABRIC_TOOL', `\`ipvsadm -Sn\` failed: ${stderr.trim().slice(-500)}`);
};

const socketTables = ['tcp', 'udp', 'tcp6', 'udp6'] as const;

const listenersOf = async (namespace: Namespace, signal?: AbortSignal): Promise<readonly ListenerFact[]> => {
  const tables = await Promise.all(socketTables.map((table) => readSocketTable(namespace, table, signal)));
  return socketTables.flatMap((table, index) =>
    parseListeners(table.startsWith('tcp') ? 'tcp' : 'udp', tables[index] ?? ''),
  );
};

const describeNamespaces = async (
  initPid: number,
  members: Parameters<typeof namespacesOf>[1],
  signal?: AbortSignal,
): Promise<readonly NamespaceFact[]> => {
  await using namespaces = await namespacesOf(initPid, members, { thorough: true });
  return await Promise.all(
    namespaces.all.map(async ({ id, netns }) => ({
      id,
      links: parseLinks((await unlessGone(runOk(ipLinks, { netns, timeoutMs, signal }))) ?? '[]'),
    })),
  );
};

/** The last process of a namespace may have ended since the namespace was found. Any other failure is an error. */
const unlessGone = (work: Promise<string>): Promise<string | undefined> =>
  work.catch((error) => {
    if (error instanceof AgentError && /No such (?:file|process)/.test(error.message)) return undefined;
    throw error;
  });

const sysctlsOf = async (run: Run): Promise<Readonly<Record<string, string>>> => {
  const files = [...sysctls, conntrackCount].map(sysctlFile);
  // `grep -sH` prints the file's name with each line, and skips files that this kernel lacks.
  const lines = await run(['sh', '-c', 'grep -sH "" "$@" || true', 'sh', ...files]);
  return Object.fromEntries(
    lines
      .split('\n')
      .map((line) => /^\/proc\/sys\/([^:]+):(.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, path = '', value = '']) => [path.replaceAll('/', '.'), value]),
  );
};
