// Watches a lab for all who look at it: each thing is watched once, and told to everybody. Stops when nobody asks.
import type { Change, Changes, ChangesParams } from '../api/changes.ts';
import { createChangeLog } from './change-log.ts';
import { createKernelWatch, type KernelWatch } from './kernel-watch.ts';
import type { Kube } from './kube.ts';
import { createPulses } from './pulses.ts';
import { fileMark } from './read-file.ts';

export interface Watch {
  /** See `changes` in src/api/fabric.ts. */
  changes(params: ChangesParams, signal?: AbortSignal): Promise<Changes>;
  /** Another number after each change. */
  version(): number;
}

export interface WatchOptions {
  readonly kube: Pick<Kube, 'watch'>;
  /** How often to look for what nobody announces: processes, sockets and files. */
  readonly lookMs?: number;
  /** What nobody has asked for since then is not watched any more. A question waits for a shorter time. */
  readonly keepMs?: number;
}

/** One thing that is watched. */
interface Source extends Disposable {
  readonly concerns: (change: Change) => boolean;
  /** Resolves when no change is missed any more. */
  readonly ready?: Promise<void>;
  look?(): Promise<void>;
}

interface Wanted {
  readonly key: string;
  readonly create: () => Source;
}

export const createWatch = ({ kube, lookMs = 500, keepMs = 60_000 }: WatchOptions): Watch => {
  const log = createChangeLog();
  const pulses = createPulses(performance.now());
  const sources = new Map<string, { readonly source: Source; wantedAt: number }>();
  const note = (change: Change): void => {
    log.note(change);
    pulses.restart(performance.now());
  };
  let kernel: KernelWatch | undefined;
  let isLooking = false;

  const sourcesOf = (params: ChangesParams): readonly Wanted[] => [
    ...params.machines.map((one) => ({
      key: `machine ${one.pid}`,
      create() {
        kernel ??= createKernelWatch(note);
        return machineSource(kernel, one);
      },
    })),
    ...params.objects.map((path) => ({ key: `objects ${path}`, create: () => objectsSource(kube, path, note) })),
    ...params.files.map((file) => ({ key: `file ${file.pid} ${file.path}`, create: () => fileSource(file, note) })),
  ];

  const dropUnwanted = (): void => {
    for (const [key, { source, wantedAt }] of sources) {
      if (performance.now() - wantedAt < keepMs) continue;
      source[Symbol.dispose]();
      sources.delete(key);
      log.drop(source.concerns);
    }
  };
  const keepLooking = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    for (;;) {
      dropUnwanted();
      if (sources.size === 0) break;
      // A look that fails, for example without a free descriptor, must not look like a quiet lab.
      await lookOnce().catch(() => log.note({ kind: 'all' }));
      for (const change of pulses.due(performance.now())) log.note(change);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    isLooking = false;
    kernel?.[Symbol.dispose]();
    kernel = undefined;
  };
  const lookOnce = async (): Promise<void> => {
    await kernel?.look();
    await Promise.all([...sources.values()].map(({ source }) => source.look?.()));
  };
  return {
    version: log.version,
    async changes(params, signal) {
      const wanted = sourcesOf(params).map(({ key, create }) => {
        const entry = sources.get(key) ?? { source: create(), wantedAt: 0 };
        entry.wantedAt = performance.now();
        sources.set(key, entry);
        return entry.source;
      });
      keepLooking();
      await Promise.all(wanted.map(({ ready }) => ready));
      return await log.after({
        since: params.since,
        waitMs: params.waitMs,
        wanted: (change) =>
          change.kind === 'retry' || change.kind === 'all' || wanted.some(({ concerns }) => concerns(change)),
        signal,
      });
    },
  };
};

const machineSource = (kernel: KernelWatch, one: ChangesParams['machines'][number]): Source => ({
  concerns: (change) => (change.kind === 'kernel' || change.kind === 'gone') && change.machine === one.machine,
  ready: kernel.add(one),
  [Symbol.dispose]: () => kernel.drop(one),
});

const objectsSource = (kube: Pick<Kube, 'watch'>, path: string, note: (change: Change) => void): Source => {
  const stop = new AbortController();
  kube.watch(path, {
    onReady: () => note({ kind: 'objects', path, first: true }),
    onChange: () => note({ kind: 'objects', path }),
    signal: stop.signal,
  });
  return {
    concerns: (change) => change.kind === 'objects' && change.path === path,
    [Symbol.dispose]: () => stop.abort(),
  };
};

const fileSource = ({ machine, pid, path }: ChangesParams['files'][number], note: (change: Change) => void): Source => {
  let mark: string | undefined;
  return {
    concerns: (change) => change.kind === 'file' && change.machine === machine && change.path === path,
    async look() {
      const now = await fileMark({ pid, path }).catch(() => 'unreadable');
      if (mark !== now) note({ kind: 'file', machine, path, ...(mark === undefined ? { first: true } : {}) });
      mark = now;
    },
    [Symbol.dispose]() {},
  };
};
