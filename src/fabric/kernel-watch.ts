// Watches the kernel's state of machines: their processes, and all of their network namespaces. Used by watch.ts.
import { type Change, kernelParts } from '../api/changes.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import { namespacesOf } from './namespaces.ts';
import { createProcessWatch } from './process-watch.ts';
import type { MachineProcess } from './processes.ts';

export interface Watched {
  readonly machine: string;
  readonly pid: number;
}

export interface KernelWatch extends Disposable {
  /** @returns when the machine is watched, or gone */
  add(machine: Watched): Promise<void>;
  drop(machine: Watched): void;
  /** Looks for what the kernel does not announce. To be called again and again. */
  look(): Promise<void>;
}

interface Entry extends Watched {
  readonly ready: PromiseWithResolvers<void>;
  /** The network namespaces that are watched. */
  readonly spaces: Set<string>;
  /** The processes at the last look, and as one text. */
  members?: readonly MachineProcess[] | undefined;
  processes?: string;
  stopped?: string;
  isGone: boolean;
}

/** The namespace parts; processes are looked at here. */
const announced = kernelParts.filter((part) => part !== 'processes' && part !== 'stopped');

/** The list of mounts is read again only each so many looks when no process has changed. */
const mountsEach = 4;

/** A namespace that the monitor does not enter in this time is tried again at the next look. */
const enterMs = 2000;

export const createKernelWatch = (note: (change: Change) => void): KernelWatch => {
  const entries = new Map<number, Entry>();
  const owners = new Map<string, Entry>();
  const entering = new Map<string, (isWatched: boolean) => void>();
  const processes = createProcessWatch();
  let monitor: Monitor | undefined;
  let looks = 0;

  const noteFor = ({ machine }: Watched, what: (typeof kernelParts)[number]): void =>
    note({ kind: 'kernel', machine, what });
  const onEnd = (): void => {
    monitor = undefined;
    for (const entry of entries.values()) {
      entry.spaces.clear();
      entry.members = undefined;
    }
    owners.clear();
    for (const enter of entering.values()) enter(false);
    note({ kind: 'all' });
  };
  const start = (): Monitor =>
    startMonitor({
      onEnd,
      onReady: (id) => entering.get(id)?.(true),
      onGone: (id) => entering.get(id)?.(false),
      onChange(id, what) {
        const owner = owners.get(id);
        if (owner) noteFor(owner, what);
      },
    });
  const enter = async (entry: Entry, id: string, path: string): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, enterMs, false);
    entering.set(id, resolve);
    monitor ??= start();
    monitor.add(id, path);
    const isWatched = await promise;
    clearTimeout(timer);
    entering.delete(id);
    if (!isWatched) {
      // Tried again at the next look.
      entry.members = undefined;
      return;
    }
    entry.spaces.add(id);
    owners.set(id, entry);
    for (const what of announced) noteFor(entry, what);
  };
  const leave = (entry: Entry, id: string): void => {
    entry.spaces.delete(id);
    owners.delete(id);
    monitor?.drop(id);
  };
  const lookAt = async (entry: Entry, members: readonly MachineProcess[] | undefined): Promise<void> => {
    entry.members = members;
    if (!members) {
      if (!entry.isGone) note({ kind: 'gone', machine: entry.machine });
      entry.isGone = true;
      for (const id of entry.spaces) leave(entry, id);
      return;
    }
    const seen = members.map((one) => [one.hostPid, one.name, one.netns].join(' ')).join('\n');
    if (entry.processes !== seen) noteFor(entry, 'processes');
    entry.processes = seen;
    const stopped = members.filter(({ isStopped }) => isStopped).map(({ hostPid }) => hostPid);
    if (entry.stopped !== stopped.join()) noteFor(entry, 'stopped');
    entry.stopped = stopped.join();
    await using namespaces = await namespacesOf(entry.pid, members);
    const present = new Set(namespaces.all.map(({ id }) => id));
    for (const id of entry.spaces) if (!present.has(id)) leave(entry, id);
    // Of a namespace that is only mounted, the agent holds the file open meanwhile.
    const path = ({ netns }: (typeof namespaces.all)[number]): string =>
      netns.fd === undefined ? netns.path : `/proc/${process.pid}/fd/${netns.fd}`;
    const added = namespaces.all.filter(({ id }) => !entry.spaces.has(id));
    await Promise.all(added.map((namespace) => enter(entry, namespace.id, path(namespace))));
  };
  return {
    add({ machine, pid }) {
      const entry = entries.get(pid) ?? {
        machine,
        pid,
        ready: Promise.withResolvers<void>(),
        spaces: new Set(),
        isGone: false,
      };
      entries.set(pid, entry);
      return entry.ready.promise;
    },
    drop({ pid }) {
      const entry = entries.get(pid);
      for (const id of entry?.spaces ?? []) if (entry) leave(entry, id);
      entries.delete(pid);
    },
    async look() {
      const members = await processes.look([...entries.keys()]);
      // In turn: one namespace may be a member of two machines only by a trick, and then belongs to the first.
      looks += 1;
      for (const entry of entries.values()) {
        if (!members.has(entry.pid)) continue;
        const isSame = entry.members !== undefined && entry.members === members.get(entry.pid);
        // A namespace without a process may be mounted at any time.
        if (isSame && looks % mountsEach !== 0) continue;
        // Who waits for this machine must not wait for ever when a look fails.
        await lookAt(entry, members.get(entry.pid)).finally(entry.ready.resolve);
      }
    },
    [Symbol.dispose]() {
      monitor?.[Symbol.dispose]();
      monitor = undefined;
    },
  };
};
