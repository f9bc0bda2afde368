// Control groups of pods and containers: their processes, and limits of memory and CPU. Works with cgroup2, and with
// the memory and cpu hierarchies of cgroup v1, which machines with a hybrid layout have beside cgroup2.
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Controller, type GroupLimits, limitFiles } from './cgroup-limits.ts';
import { run } from './exec.ts';

export interface Cgroups {
  /** The resources that this node can limit. */
  readonly controllers: ReadonlySet<Controller>;
  /** False with cgroup v1: an out-of-memory kill ends one process there, not the whole group. */
  readonly killsWholeGroup: boolean;
  /** The node's own memory limit. Undefined if it has none. */
  readonly nodeMemory: number | undefined;
  /** Makes the group and sets its limits. @param group a path such as `pod…/ID` @throws when a limit cannot be set */
  create(group: string, limits: GroupLimits): Promise<void>;
  /** Moves processes into the group. If that is impossible, they stay where they are. */
  enter(group: string, pids: readonly number[]): Promise<void>;
  /** The files that move a process into the group when its number is written to them. */
  processFiles(group: string): readonly string[];
  /** The folders that show the group's limits and usage, by their place below /sys/fs/cgroup. */
  views(group: string): readonly CgroupView[];
  /** How many processes of the group the kernel has killed because memory was short. */
  oomKills(group: string): Promise<number>;
  /**
   * Waits a moment until the group's processes have ended, and removes it with the groups below. Leaves groups that are
   * still in use.
   */
  remove(group: string): Promise<void>;
  /** Kills the processes of the group, then removes the group. */
  end(group: string): Promise<void>;
}

export interface CgroupView {
  readonly folder: string;
  /** Empty for cgroup2, else the name of a hierarchy of cgroup v1. */
  readonly name: string;
}

export interface CgroupOptions {
  /** The mount of cgroup2. */
  readonly unified?: string;
  /** The folder in which hierarchies of cgroup v1 are mounted. */
  readonly mounts: string;
  /** The group of all pods, below the node's own group. */
  readonly root?: string;
}

/** One mounted hierarchy, with the controllers that it serves. */
interface Hierarchy {
  readonly version: 1 | 2;
  readonly path: string;
  readonly controllers: readonly Controller[];
}

/** Looks which controllers the node has, and mounts those of cgroup v1. */
export const openCgroups = async (options: CgroupOptions): Promise<Cgroups> => {
  const { unified = '/sys/fs/cgroup', mounts, root = 'kubepods' } = options;
  const second = await openUnified(unified, root);
  const first: Hierarchy[] = [];
  for (const controller of ['memory', 'cpu'] as const) {
    if (second.controllers.includes(controller)) continue;
    const path = await mountFirst(controller, join(mounts, controller));
    if (path !== undefined) first.push({ version: 1, path, controllers: [controller] });
  }
  const all = [second, ...first];
  const shown = first.length > 0 ? first : all.filter(({ controllers }) => controllers.length > 0);
  const memory = all.find(({ controllers }) => controllers.includes('memory'));
  const limitOfNode = memory && (await nodeLimit(memory));
  const remove: Cgroups['remove'] = async (group) => {
    for (const { path } of all) await removeGroup(join(path, root, group));
  };
  return {
    controllers: new Set(all.flatMap(({ controllers }) => controllers)),
    killsWholeGroup: memory?.version === 2,
    nodeMemory: limitOfNode,
    async create(group, limits) {
      for (const hierarchy of all) await createIn(hierarchy, join(root, group), limits);
    },
    async enter(group, pids) {
      for (const { path } of all) {
        for (const pid of pids) await writeFile(join(path, root, group, processFile), String(pid)).catch(() => {});
      }
    },
    processFiles: (group) => all.map(({ path }) => join(path, root, group, processFile)),
    views: (group) => shown.map((hierarchy) => viewOf(hierarchy, join(root, group))),
    oomKills: async (group) => (memory ? countKills(memory, join(root, group)) : 0),
    remove,
    async end(group) {
      await killAll(join(second.path, root, group));
      await remove(group);
    },
  };
};

const viewOf = ({ version, path, controllers }: Hierarchy, group: string): CgroupView => ({
  folder: join(path, group),
  name: version === 2 ? '' : controllers.join(','),
});

const countKills = async ({ version, path }: Hierarchy, group: string): Promise<number> => {
  const file = join(path, group, version === 2 ? 'memory.events' : 'memory.oom_control');
  return Number(/^oom_kill (\d+)$/m.exec(await text(file))?.[1] ?? 0);
};

const endingMs = 200;

const removeGroup = async (folder: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeGroup(join(folder, entry.name));
  for (const since = Date.now(); ; await delay(5)) {
    const failure = await rmdir(folder).then(() => undefined, codeOf);
    if (failure !== 'EBUSY' || Date.now() - since > endingMs) return;
  }
};

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? '';

const killingMs = 2_000;

/** Kills until no process is listed, because a process that forks while the list is read leaves a child behind. */
const killAll = async (folder: string): Promise<void> => {
  for (const since = Date.now(); Date.now() - since < killingMs; await delay(1)) {
    const pids = (await text(join(folder, processFile))).split('\n').map(Number).filter(Boolean);
    if (pids.length === 0) return;
    if (!(await killAtOnce(folder))) pids.forEach(kill);
  }
};

/** Needs Linux 5.14 (`cgroup.kill`, Documentation/admin-guide/cgroup-v2.rst). @returns false on an older kernel */
const killAtOnce = (folder: string): Promise<boolean> =>
  writeFile(join(folder, 'cgroup.kill'), '1', { flag: 'r+' }).then(
    () => true,
    () => false,
  );

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended.
  }
};

const processFile = 'cgroup.procs';

const text = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** Passes the controllers of cgroup2 on to the group of all pods. */
const openUnified = async (path: string, root: string): Promise<Hierarchy> => {
  await mkdir(join(path, root), { recursive: true }).catch(() => {});
  const controllers: Controller[] = [];
  for (const controller of ['memory', 'cpu'] as const) {
    const isPassedOn = (await passOn(path, controller)) && (await passOn(join(path, root), controller));
    if (isPassedOn) controllers.push(controller);
  }
  return { version: 2, path, controllers };
};

/** @returns false when the group's children cannot have the controller */
const passOn = (group: string, controller: Controller): Promise<boolean> =>
  writeFile(join(group, 'cgroup.subtree_control'), `+${controller}`).then(
    () => true,
    () => false,
  );

/** @returns the mount, or undefined when the machine has no hierarchy of cgroup v1 with the controller */
const mountFirst = async (controller: Controller, path: string): Promise<string | undefined> => {
  // Controllers that share a hierarchy, such as `cpu,cpuacct`, can only be mounted together.
  const joined = (await text('/proc/self/cgroup'))
    .split('\n')
    .map((line) => line.split(':')[1] ?? '')
    .find((names) => names.split(',').includes(controller));
  if (joined === undefined) return undefined;
  await mkdir(path, { recursive: true });
  const isMounted = (await text('/proc/self/mounts')).split('\n').some((line) => line.split(' ')[1] === path);
  if (isMounted) return path;
  const { code } = await run(['mount', '-t', 'cgroup', '-o', joined, 'cgroup', path]);
  return code === 0 ? path : undefined;
};

const nodeLimit = async ({ version, path }: Hierarchy): Promise<number | undefined> => {
  const limit = Number(await text(join(path, version === 2 ? 'memory.max' : 'memory.limit_in_bytes')));
  // cgroup v1 writes a number near 2^63 for "no limit".
  return limit > 0 && limit < 2 ** 60 ? limit : undefined;
};

const createIn = async ({ version, path, controllers }: Hierarchy, group: string, limits: GroupLimits) => {
  const folder = join(path, group);
  try {
    await mkdir(folder, { recursive: true });
    if (version === 2) for (const controller of controllers) await passOn(join(folder, '..'), controller);
  } catch (error) {
    // On a node without a writable cgroup2, pods run without their own group.
    if (controllers.length === 0) return;
    throw error;
  }
  for (const { file, value, optional } of limitFiles(version, controllers, limits)) {
    await writeFile(join(folder, file), value).catch((error) => {
      if (!optional) throw error;
    });
  }
};
