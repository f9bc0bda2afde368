// Gives each machine a control group of its own, which its root may divide. The container's limits are on the group
// above, which stays the engine's.
import { chown, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BootMachine } from '../api/wiring.ts';
import { readProc } from './proc.ts';
import { runOk } from './run.ts';

/** Where the agent mounts the hierarchies: the fabric shares the engine's cgroup namespace. */
const mounts = '/run/labs-groups';

interface Hierarchy {
  readonly version: 1 | 2;
  /** As in /proc/PID/cgroup; empty for cgroup2. */
  readonly controllers: string;
  readonly mount: string;
}

/** Of cgroup v1, only those by which nodes limit pods. The engine limits machines by all. */
const wanted = ['memory', 'cpu'];

/** The hierarchies of the engine's machine. Mounts those that are not mounted yet. */
const hierarchies = async (): Promise<readonly Hierarchy[]> => {
  const lines = ((await readProc('/proc/self/cgroup')) ?? '').trim().split('\n');
  const found = lines.flatMap((line): Hierarchy[] => {
    const [, controllers = ''] = line.split(':');
    if (controllers === '') return [{ version: 2, controllers, mount: join(mounts, 'unified') }];
    if (!controllers.split(',').some((name) => wanted.includes(name))) return [];
    return [{ version: 1, controllers, mount: join(mounts, controllers) }];
  });
  // A kernel that has only cgroup v1 mounted has cgroup2 all the same, without controllers.
  const all = found.some(({ version }) => version === 2)
    ? found
    : [{ version: 2 as const, controllers: '', mount: join(mounts, 'unified') }, ...found];
  await Promise.all(all.map(mountOnce));
  return all;
};

const mountOnce = async ({ version, controllers, mount }: Hierarchy): Promise<void> => {
  const script = `mkdir -p "$1"; exec 8> "$1.lock"; flock 8
    mountpoint -q "$1" || ${version === 2 ? 'mount -t cgroup2 cgroup2 "$1"' : 'mount -t cgroup -o "$2" cgroup "$1"'}`;
  await runOk(['/bin/sh', '-euc', script, 'sh', mount, controllers], { timeoutMs: 5000 });
};

/** The group of a process in a hierarchy, below its mount. */
const groupOf = async (pid: number, controllers: string): Promise<string> => {
  const lines = ((await readProc(`/proc/${pid}/cgroup`)) ?? '').split('\n');
  return lines.find((line) => line.split(':')[1] === controllers)?.replace(/^[^:]*:[^:]*:/, '') ?? '/';
};

/** Files that root of the machine may write in its group: to move its processes, and to divide its group further. */
const delegated = { 1: ['cgroup.procs', 'tasks'], 2: ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'] };

/**
 * Makes the groups, gives them to root of the machine, and moves a process into them.
 * @param machine `pid`: the process; `launcher`: process 1 of its container, which stays outside
 */
export const delegateGroups = async (machine: BootMachine & { readonly launcher: number }): Promise<void> => {
  const all = await hierarchies();
  await removeLeft(all);
  await Promise.all(all.map((hierarchy) => delegateIn(hierarchy, machine)));
};

const delegateIn = async (hierarchy: Hierarchy, { pid, launcher, group, ids = 0 }: BootMachine & Launched) => {
  const { version, controllers, mount } = hierarchy;
  const above = join(mount, await groupOf(launcher, controllers));
  if (version === 2) await passOn(above, mount);
  const own = join(above, nameOf(group));
  // An empty group of an earlier run may be removed by another fabric at any moment.
  for (let left = 3; ; left -= 1) {
    try {
      await mkdir(own, { recursive: true });
      for (const path of ['', ...delegated[version]]) await chown(join(own, path), ids, ids);
      await writeFile(join(own, 'cgroup.procs'), String(pid));
      return;
    } catch (error) {
      if (left === 0) throw error;
    }
  }
};

type Launched = { readonly launcher: number };

/**
 * With controllers, cgroup2 has processes only in groups without groups below. So the container's own processes go to
 * one of their own, and the machine's group gets the controllers.
 */
const passOn = async (above: string, mount: string): Promise<void> => {
  const controllers = await readFile(join(above, 'cgroup.controllers'), 'utf8').catch(() => '');
  if (above === mount || controllers.trim() === '') return;
  await mkdir(join(above, outside), { recursive: true });
  await moveAll(above, join(above, outside));
  const passed = controllers
    .trim()
    .split(' ')
    .map((name) => `+${name}`);
  await writeFile(join(above, 'cgroup.subtree_control'), passed.join(' '));
};

/** For the processes of a container that are not its machine's. */
const outside = 'labs-outside';

const moveAll = async (from: string, to: string): Promise<void> => {
  const pids = (await readFile(join(from, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean);
  // A process may end meanwhile.
  for (const pid of pids) await writeFile(join(to, 'cgroup.procs'), pid).catch(() => {});
};

/** Moves processes of the container out of the machine's groups. */
export const leaveGroups = async (group: string, pids: readonly number[]): Promise<void> => {
  for (const { version, controllers, mount } of await hierarchies()) {
    for (const pid of pids) {
      const own = await groupOf(pid, controllers);
      if (!own.endsWith(`/${nameOf(group)}`)) continue;
      const above = join(mount, dirname(own));
      const hasControllers =
        version === 2 && (await readFile(join(above, 'cgroup.subtree_control'), 'utf8').catch(() => '')) !== '';
      const target = above !== mount && hasControllers ? join(above, outside) : above;
      await writeFile(join(target, 'cgroup.procs'), String(pid));
    }
  }
};

const prefix = 'labs-machine-';
const nameOf = (group: string): string => `${prefix}${group}`;

/**
 * With cgroup v1, the engine knows nothing of cgroup2 and leaves the groups of deleted machines there. They are in the
 * root of the hierarchy. The kernel removes only groups without processes.
 */
const removeLeft = async (all: readonly Hierarchy[]): Promise<void> => {
  const unified = all.find(({ version }) => version === 2);
  if (!unified) return;
  const names = await readdir(unified.mount).catch(() => []);
  for (const name of names) if (name.startsWith(prefix)) await removeEmpty(join(unified.mount, name));
};

const removeEmpty = async (group: string): Promise<void> => {
  if (!/^populated 0$/m.test(await readFile(join(group, 'cgroup.events'), 'utf8').catch(() => ''))) return;
  const entries = await readdir(group, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeEmpty(join(group, entry.name));
  await rmdir(group).catch(() => {});
};
