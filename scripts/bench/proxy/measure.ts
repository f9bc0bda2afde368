// Measures one backend at one size: the first sync, single changes, memory, and the packet filter's tool alone.
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../figures.ts';
import { Arena, type Backend } from './arena.ts';
import { clusterOf, extraAddress, sliceOf } from './cluster.ts';
import type { Lines } from './lines.ts';
import { cpuMs, memoryOf } from './processes.ts';

/** Milliseconds and MiB. */
export interface Row {
  readonly backend: Backend;
  readonly services: number;
  /** From the start of the process until every family has its rules; includes listing all objects. */
  readonly startMs: number;
  readonly firstSyncMs: number;
  readonly change: Spread;
  /** The packet filter's own tool with the same change as input; absent if kube-proxy does not use the tool. */
  readonly bare?: Spread;
  readonly cpuPerChangeMs: number;
  readonly rssMiB: number;
  readonly pssMiB: number;
}

export interface Spread {
  readonly p50: number;
  readonly p90: number;
}

export interface ChangeOptions {
  readonly changes: number;
  /** Pause between two changes, so that each is synced alone. */
  readonly pauseMs: number;
}

export const measure = async (backend: Backend, services: number, options: ChangeOptions): Promise<Row> => {
  using arena = await Arena.create(backend);
  await arena.change(clusterOf(services));
  const started = performance.now();
  const proxy = arena.startProxy();
  const first = await synced(proxy.lines);
  // The kernel does not report virtual servers, so wait for kube-proxy's log line, which comes a little later.
  const kernel = backend === 'ipvs' ? proxy.lines : await arena.watchKernel();
  await delay(1000);
  const cpuBefore = cpuMs(proxy.pid);
  const times = await timeChanges(arena, kernel, services, options);
  await delay(300);
  const cpuPerChangeMs = (cpuMs(proxy.pid) - cpuBefore) / times.length;
  const { rssMiB, pssMiB } = memoryOf(proxy.pid);
  const hasBare = backend === 'nft' || backend === 'legacy';
  const bare = !hasBare ? undefined : await timeBareRestores(arena, kernel, services, options.changes);
  return {
    ...{ backend, services, cpuPerChangeMs, rssMiB, pssMiB },
    startMs: first.at - started,
    firstSyncMs: first.elapsedMs,
    change: spread(times),
    ...(bare ? { bare: spread(bare) } : {}),
  };
};

/** Resolves when kube-proxy has logged the first sync of each family. */
export const synced = async (lines: Lines): Promise<{ readonly at: number; readonly elapsedMs: number }> => {
  const { text } = await lines.next('kube-proxy starts', (line) => line.includes('kube-proxy running in'));
  const missing = new Set(text.includes('dual-stack') ? ['IPv4', 'IPv6'] : ['IPv4']);
  let elapsedMs = Number.NaN;
  for (;;) {
    const line = await lines.next('the first sync', (each) => each.includes('SyncProxyRules complete'));
    const [, family = '', elapsed] = /ipFamily="(\w+)" elapsed="([\d.]+)ms"/.exec(line.text) ?? [];
    missing.delete(family);
    if (family === 'IPv4') elapsedMs = Number(elapsed);
    if (missing.size === 0) return { at: line.at, elapsedMs };
  }
};

/** Adds an endpoint, then removes it. Measures from the request to the API server until the rules are in the kernel. */
const timeChanges = async (
  arena: Arena,
  kernel: Lines,
  services: number,
  { changes, pauseMs }: ChangeOptions,
): Promise<number[]> => {
  const times: number[] = [];
  for (let number = 0; number < changes; number += 1) {
    const pair = Math.floor(number / 2);
    const index = (pair * 7919 + 13) % services;
    const address = extraAddress(pair);
    kernel.clear();
    const started = performance.now();
    await arena.change([{ plural: 'endpointslices', object: sliceOf(index, number % 2 === 0 ? address : undefined) }]);
    times.push((await arrival(arena, kernel, address)) - started);
    await delay(pauseMs * (0.75 + Math.random() / 2));
  }
  return times;
};

const arrival = async ({ backend }: Arena, kernel: Lines, address: string): Promise<number> =>
  (await kernel.next('the rule is in the kernel', (line) => reportsChange(backend, line, address), 60_000)).at;

const reportsChange = (backend: Backend, line: string, address: string): boolean => {
  if (backend === 'ipvs') return line.includes('SyncProxyRules complete');
  return backend === 'legacy' || line === address;
};

/** Measures `iptables-restore` with the smallest input for the same change, until the rules are in the kernel. */
const timeBareRestores = async (arena: Arena, kernel: Lines, services: number, changes: number): Promise<number[]> => {
  const rules = arena.rules();
  const times: number[] = [];
  for (let number = 0; number < changes; number += 1) {
    const pair = Math.floor(number / 2);
    const address = extraAddress(pair + 1000);
    kernel.clear();
    const { child } = arena.start(['iptables-restore', '-w', '5', '--noflush']);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const started = performance.now();
    child.stdin?.end(bareInput(rules, (pair * 7919 + 13) % services, address, number % 2 === 0));
    times.push((await arrival(arena, kernel, address)) - started);
    await exited;
    await delay(50);
  }
  return times;
};

/** Input that adds or removes one endpoint's chain and rewrites the service's chain. */
const bareInput = (rules: string, index: number, address: string, added: boolean): string => {
  const service = new RegExp(`service-${index}:http cluster IP" .*-j (KUBE-SVC-\\w+)`).exec(rules)?.[1] ?? '';
  const own = rules.match(new RegExp(`^-A ${service} .*$`, 'gm')) ?? [];
  const endpoint = 'KUBE-SEP-ZZZZZZZZZZZZZZZZ';
  const way = `-A ${service} -m statistic --mode random --probability 0.25 -j ${endpoint}`;
  const chain = [
    `-A ${endpoint} -s ${address}/32 -j KUBE-MARK-MASQ`,
    `-A ${endpoint} -p tcp -m tcp -j DNAT --to-destination ${address}:8080`,
  ];
  const lines = ['*nat', `:${service} - [0:0]`, `:${endpoint} - [0:0]`];
  const removal = added ? [] : [`-X ${endpoint}`];
  return [...lines, ...(added ? [...chain, way] : []), ...own, ...removal, 'COMMIT', ''].join('\n');
};

export const spread = (times: readonly number[]): Spread => ({
  p50: percentile(times, 50),
  p90: percentile(times, 90),
});
