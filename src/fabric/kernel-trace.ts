// Sends one real connection through the lab while the kernel tells which rules its first packet meets: nftrace, see
// nft(8). The rule that switches it on is in a table of labs' own, which the kernel removes when its owner ends. The
// tables of the student stay as they are.
import { setTimeout as delay } from 'node:timers/promises';
import type { KernelTraceOutcome, KernelTraceParams, TraceEvent } from '../api/dataplane.ts';
import { parseIpv4 } from '../api/scalars.ts';
import { namespacesOf } from './namespaces.ts';
import { find } from './place.ts';
import { machineProcesses, type ProcessTable } from './processes.ts';
import { AgentError, type Netns, run } from './run.ts';

/** Others may trace at the same time. */
const table = `labs-trace-${process.pid}`;
const setupMs = 5000;
/** A monitor has no sign that it listens. It needs some 20 ms to start. */
const monitorMs = 250;
/** The last events come after the connection's end. */
const lastMs = 150;

export const createKernelTrace =
  (processes: ProcessTable) =>
  async (params: KernelTraceParams, signal: AbortSignal): Promise<KernelTraceOutcome> => {
    const { machines, place, protocol, port, sourcePort, ports, timeoutMs } = params;
    const address = parseIpv4(params.address);
    const stop = new AbortController();
    await using opened = new AsyncDisposableStack();
    opened.defer(() => stop.abort());
    const lists = await Promise.all(
      machines.map(async ({ pid }) =>
        opened.use(await namespacesOf(pid, await machineProcesses(processes, pid), { thorough: true })),
      ),
    );
    const over = AbortSignal.any([stop.signal, signal]);
    const watched = lists
      .flatMap(({ all }) => all)
      .map(({ id, netns }) => ({
        id,
        ...watch(netns, rulesFor(protocol, [port, ...ports]), over),
      }));
    await Promise.all(watched.map(({ ready }) => ready));
    await delay(monitorMs, undefined, { signal });
    const sender = opened.use(await find(processes, place));
    const outcome = await send(sender.namespace.netns, { address, port, sourcePort, protocol, timeoutMs }, signal);
    await delay(lastMs, undefined, { signal });
    stop.abort();
    const namespaces = await Promise.all(watched.map(async ({ id, said }) => ({ id, events: eventsOf(await said) })));
    return { outcome, namespaces };
  };

/** Only the first packet of a connection goes through all rules. */
const rulesFor = (protocol: 'tcp' | 'udp', ports: readonly number[]): string => {
  const first = protocol === 'tcp' ? 'tcp flags & (syn | ack) == syn ' : '';
  const match = `${first}${protocol} dport { ${[...new Set(ports)].join(', ')} } meta nftrace set 1`;
  return [
    `add table inet ${table} { flags owner; }`,
    ...['output', 'prerouting'].flatMap((hook) => [
      `add chain inet ${table} ${hook} { type filter hook ${hook} priority -400; }`,
      `add rule inet ${table} ${hook} ${match}`,
    ]),
    'list tables',
    '',
  ].join('\n');
};

/** Watches one namespace until the signal aborts. `ready`: the rules are there, or cannot be. */
const watch = (
  netns: Netns,
  rules: string,
  signal: AbortSignal,
): { readonly ready: Promise<void>; readonly said: Promise<string> } => {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const timeoutMs = 60_000;
  const until = (stdout: string): boolean => {
    if (stdout.includes(table)) resolve();
    return false;
  };
  const setup = run(['nft', '-i'], { netns, timeoutMs, input: rules, holdInput: true, until, signal });
  const said = run(['nft', 'monitor', 'trace'], { netns, timeoutMs, signal }).then(({ stdout }) => stdout);
  // Both are waited for later, and a failure that comes before its wait would end the agent.
  said.catch(() => {});
  setup.then(
    () => resolve(),
    () => resolve(),
  );
  return { ready: Promise.race([ready, delay(setupMs)]), said };
};

const send = async (
  netns: Netns,
  {
    address,
    port,
    sourcePort,
    protocol,
    timeoutMs,
  }: Pick<KernelTraceParams, 'address' | 'port' | 'sourcePort' | 'protocol' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<KernelTraceOutcome['outcome']> => {
  const seconds = Math.ceil(timeoutMs / 1000);
  const way =
    protocol === 'tcp' ? `TCP4:${address}:${port},connect-timeout=${seconds}` : `UDP4-SENDTO:${address}:${port}`;
  const { code, stderr } = await run(['socat', '-u', 'STDIN', `${way},sourceport=${sourcePort}`], {
    netns,
    timeoutMs: timeoutMs + 2000,
    input: protocol === 'tcp' ? '' : 'labs\n',
    signal,
  });
  if (code === 0) return protocol === 'tcp' ? 'connected' : 'sent';
  if (/address already in use/i.test(stderr))
    throw new AgentError('FABRIC_PORT_BUSY', `another program uses the port ${sourcePort}`);
  if (/refused/i.test(stderr)) return 'refused';
  if (/unreachable|no route|prohibited|not permitted/i.test(stderr)) return 'unreachable';
  return 'timeout';
};

/**
 * `trace id c6260b64 ip nat OUTPUT rule … (verdict jump KUBE-SERVICES)`,
 * `trace id c6260b64 ip nat OUTPUT packet: … ip saddr A ip daddr B … tcp dport P …`.
 */
const eventsOf = (text: string): readonly TraceEvent[] =>
  text.split('\n').flatMap((line): TraceEvent[] => {
    const [, id = '', family = '', name = '', chain = '', rest = ''] =
      /^trace id (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
    if (id === '' || name.startsWith('labs-trace')) {
      const packet = id === '' ? undefined : packetOf(rest);
      return packet ? [{ id, family, table: name, chain, packet }] : [];
    }
    const verdict = /\(verdict ([^)]*)\)\s*$/.exec(rest)?.[1] ?? /^policy (\S+)/.exec(rest)?.[1];
    const packet = packetOf(rest);
    if (packet) return [{ id, family, table: name, chain, packet }];
    if (verdict === undefined) return [];
    return [
      { id, family, table: name, chain, verdict, ...(rest.startsWith('policy') ? { policy: true as const } : {}) },
    ];
  });

const packetOf = (text: string): TraceEvent['packet'] => {
  if (!text.startsWith('packet:')) return undefined;
  const value = (name: string): string | undefined => new RegExp(`\\b${name} (\\S+)`).exec(text)?.[1];
  const [source, destination] = [value('ip saddr'), value('ip daddr')];
  const [sport, dport] = [value('(?:tcp|udp) sport'), value('(?:tcp|udp) dport')];
  if (!source || !destination) return undefined;
  return {
    source,
    destination,
    ...(sport ? { sourcePort: Number(sport) } : {}),
    ...(dport ? { destinationPort: Number(dport) } : {}),
  };
};
