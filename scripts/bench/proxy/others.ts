// Measures once per backend: the start in a small cluster, the idle process, and a storm of changes.
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../figures.ts';
import { Arena, type Backend, type Change } from './arena.ts';
import { clusterOf, endpointsOfAll, extraAddress, sliceOf } from './cluster.ts';
import type { Lines } from './lines.ts';
import { type Spread, spread, synced } from './measure.ts';
import { cpuMs, memoryOf, resetPeak } from './processes.ts';

/** Time from the process's start until its rules are written, in a new namespace each time. @returns milliseconds */
export const measureStart = async (backend: Backend, services: number, runs: number): Promise<number> => {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    using arena = await Arena.create(backend);
    await arena.change(clusterOf(services));
    const started = performance.now();
    times.push((await synced(arena.startProxy().lines)).at - started);
  }
  return percentile(times, 50);
};

export interface Idle {
  /** Percent of one core. */
  readonly cpuPercent: number;
  readonly pssMiB: number;
}

export const measureIdle = async (backend: Backend, services: number, seconds: number): Promise<Idle> => {
  using arena = await Arena.create(backend);
  await arena.change(clusterOf(services));
  const { pid, lines } = arena.startProxy();
  await synced(lines);
  await delay(5000);
  const before = cpuMs(pid);
  await delay(seconds * 1000);
  return { cpuPercent: (cpuMs(pid) - before) / (seconds * 10), pssMiB: memoryOf(pid).pssMiB };
};

export interface Storm {
  readonly changesPerSecond: number;
  /** Time from a change during the storm until its rule is in the kernel, in milliseconds. */
  readonly lag: Spread;
  readonly peakMiB: number;
  readonly cpuPercent: number;
  /** Time from the last change until the rules showed the last state. */
  readonly settledMs: number;
  readonly correct: boolean;
}

export interface StormOptions {
  readonly services: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const ticksPerSecond = 25;
const settleMs = 30_000;

export const measureStorm = async (backend: Backend, options: StormOptions): Promise<Storm> => {
  const { services, seconds } = options;
  using arena = await Arena.create(backend);
  await arena.change(clusterOf(services));
  const { pid, lines } = arena.startProxy();
  await synced(lines);
  const kernel = await arena.watchKernel();
  resetPeak(pid);
  const cpuBefore = cpuMs(pid);
  const extras = new Map<number, string>();
  const lags: Promise<number>[] = [];
  const started = performance.now();
  let sent = 0;
  for (let tick = 0; tick < seconds * ticksPerSecond; tick += 1) {
    const changes = nextChanges(options, sent, extras);
    sent += changes.length;
    // Only the marks change the last services, once a second, so each mark stays visible until it is seen.
    if (tick % ticksPerSecond === 0 && backend !== 'legacy') {
      const number = tick / ticksPerSecond;
      const address = extraAddress(60_000 + number);
      const index = services - 1 - (number % marks);
      extras.set(index, address);
      changes.push({ plural: 'endpointslices', object: sliceOf(index, address) });
      lags.push(lagOf(kernel, address));
    }
    await arena.change(changes);
    await delay(Math.max(0, started + ((tick + 1) * 1000) / ticksPerSecond - performance.now()));
  }
  const ended = performance.now();
  const cpuPercent = ((cpuMs(pid) - cpuBefore) / (ended - started)) * 100;
  const correct = await settle(arena, endpointsOfAll(services, extras));
  return {
    ...{ cpuPercent, correct, changesPerSecond: (sent / (ended - started)) * 1000 },
    lag: spread(await Promise.all(lags)),
    settledMs: performance.now() - ended,
    peakMiB: memoryOf(pid).peakMiB,
  };
};

const marks = 10;

const nextChanges = ({ services, perSecond }: StormOptions, sent: number, extras: Map<number, string>): Change[] =>
  Array.from({ length: perSecond / ticksPerSecond }, (_, offset) => {
    const number = sent + offset;
    const index = (number * 7919) % (services - marks);
    const address = extraAddress(number);
    extras.set(index, address);
    return { plural: 'endpointslices', object: sliceOf(index, address) };
  });

const lagOf = async (kernel: Lines, address: string): Promise<number> => {
  const started = performance.now();
  return (await kernel.heard(address)) - started;
};

/** Waits until the rules contain exactly the wanted endpoints. @returns false after `settleMs` */
const settle = async (arena: Arena, wanted: ReadonlySet<string>): Promise<boolean> => {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const found = new Set(arena.rules().match(/\b10\.(12[89]|13\d|250)\.\d+\.\d+\b/g));
    if (found.size === wanted.size && [...found].every((address) => wanted.has(address))) return true;
    if (performance.now() > deadline) return false;
    await delay(50);
  }
};
