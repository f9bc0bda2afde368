// Measures what `labs check --watch` costs while nothing changes, and how soon it sees a change.
import { setTimeout as delay } from 'node:timers/promises';
import type { FactName } from '../../src/api/facts.ts';
import type { Report } from '../../src/api/report.ts';
import { type Cluster, execIn } from '../../src/host/cluster/open.ts';
import { gradeLive, type LiveOptions } from '../../src/host/grade/live.ts';
import { distribution, type Figure, percentile } from './figures.ts';

export interface WatchBench {
  /** Its fabric is the agent that watches share. */
  readonly cluster: Cluster;
  readonly lab: Pick<LiveOptions, 'lab' | 'access' | 'readProgress'>;
  /** What the agent and its tools have used so far. */
  readonly agent: () => Promise<{ readonly cpuMs: number; readonly memoryMiB: number }>;
  readonly minutes: number;
  readonly signal: AbortSignal;
}

const wanted: readonly FactName[] = [
  ...(['iptables', 'ip6tables', 'links', 'routes'] as const),
  ...(['listeners', 'processes', 'namespaces', 'sysctls'] as const),
];

/** All facts of all nodes. */
export const benchFacts = async (cluster: Cluster): Promise<readonly Figure[]> => {
  const nodes = cluster.machines.filter(({ role }) => role === 'node');
  const times: number[] = [];
  for (let run = 0; run < 20; run += 1) {
    const startedAt = performance.now();
    await Promise.all(
      nodes.map(({ name }) => cluster.fabric.call('facts', { place: cluster.place(name), want: wanted })),
    );
    times.push(performance.now() - startedAt);
  }
  return distribution(`facts of ${nodes.length} nodes`, times, 250);
};

/** The lab is solved, so that every check passes. */
export const benchWatch = async (bench: WatchBench): Promise<readonly Figure[]> => {
  const { cluster, minutes, signal } = bench;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  let report: Report | undefined;
  let look = (): void => {};
  const onReport = async (next: Report): Promise<void> => {
    report = next;
    look();
  };
  const watching = gradeLive({ ...bench.lab, signal: either, onReport });
  watching.catch(() => {});
  const until = (holds: (seen: Report) => boolean): Promise<void> => {
    const seen = new Promise<void>((resolve) => {
      look = () => void (report && holds(report) && resolve());
      look();
    });
    return Promise.race([seen, watching.then(() => Promise.reject(new Error('the watch has ended')))]);
  };
  const isFull = ({ score, maxScore }: Report): boolean => score === maxScore;
  try {
    await until(isFull);
    // The first minute has the traffic of the beginning.
    await delay(60_000, undefined, { signal });
    const [before, own] = [await bench.agent(), process.cpuUsage()];
    const startedAt = performance.now();
    await delay(minutes * 60_000, undefined, { signal });
    const [after, ownAfter] = [await bench.agent(), process.cpuUsage(own)];
    const percent = (milliseconds: number): number => (100 * milliseconds) / (performance.now() - startedAt);
    const seen = await changes(cluster, until, isFull);
    return [
      { name: 'watch, idle: agent and its tools', value: percent(after.cpuMs - before.cpuMs), unit: '%', target: 3 },
      { name: 'watch, idle: labs', value: percent((ownAfter.user + ownAfter.system) / 1000), unit: '%' },
      { name: 'watch: agent’s memory after 1 min', value: before.memoryMiB, unit: 'MiB' },
      { name: `watch: agent’s memory ${minutes} min later`, value: after.memoryMiB, unit: 'MiB' },
      { name: 'watch: fault mended → shown', value: percentile(seen, 50), unit: 'ms', target: 1000 },
    ];
  } finally {
    ended.abort(new Error('the benchmark has ended'));
    await watching.catch(() => {});
  }
};

/** A rule that drops the traffic of pods comes and goes. @returns how long each time until all checks pass again */
const changes = async (
  cluster: Cluster,
  until: (holds: (seen: Report) => boolean) => Promise<void>,
  isFull: (seen: Report) => boolean,
): Promise<readonly number[]> => {
  const times: number[] = [];
  const rule = (verb: string) =>
    execIn(cluster, 'node01', { command: ['iptables', verb, 'FORWARD', '-p', 'tcp', '-j', 'DROP'] });
  for (let run = 0; run < 5; run += 1) {
    await rule('-I');
    await until((seen) => !isFull(seen));
    await rule('-D');
    const startedAt = performance.now();
    await until(isFull);
    times.push(performance.now() - startedAt);
  }
  return times;
};
