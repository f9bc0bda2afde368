// What the machine sees of a node's container: its cgroups and their limits, and its neighbours in the fabric.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cli-support.ts';
import { ok } from '../graded-lab.ts';

/** Path of a file of a limit → its value. */
export type LimitValues = Readonly<Record<string, string>>;

export interface NodeContainer {
  readonly id: string;
  /** The first process, by the machine's number. */
  readonly pid: number;
  /** Lines of `/proc/PID/cgroup` of the first process. */
  readonly cgroups: readonly string[];
  /** Of the container's cgroups and of those above them. */
  limits(): LimitValues;
  restore(values: LimitValues): Promise<void>;
  /** Bytes that the container uses, with those of the kernel on its behalf. */
  memory(): number;
}

export const containerOf = async (lab: string, machine: string): Promise<NodeContainer> => {
  const format = '{{.Id}} {{.State.Pid}}';
  const { stdout } = await ok(run(['docker', 'inspect', '--format', format, `labs-${lab}-${machine}`]));
  const [id = '', pid = ''] = stdout.split(' ');
  const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const folders = cgroups.flatMap((line) => foldersOf(line, id));
  const limits = (): LimitValues => valuesOf(folders, limitFiles);
  return {
    ...{ id, pid: Number(pid), cgroups, limits },
    restore: async (values) => {
      const now = limits();
      // Memory with swap must never have a lower limit than without. A second round sets what the first could not.
      for (const _ of [1, 2])
        for (const [path, value] of Object.entries(values))
          if (now[path] !== value)
            try {
              writeFileSync(path, value);
            } catch {}
    },
    memory: () => Math.max(...Object.values(valuesOf(folders, usageFiles)).map(Number)),
  };
};

const limitFiles = [
  ...['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpu.cfs_quota_us', 'pids.max'],
  ...['memory.max', 'memory.high', 'memory.swap.max', 'cpu.max', 'cpuset.cpus'],
];
const usageFiles = ['memory.usage_in_bytes', 'memory.current'];

/** The folder of the container itself, not what systemd makes below it. @param line such as `4:memory:/docker/ID` */
const foldersOf = (line: string, id: string): readonly string[] => {
  const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
  const at = path.indexOf(id);
  const own = at < 0 ? path : path.slice(0, (path.indexOf('/', at) + 1 || path.length + 1) - 1);
  const names = controllers === '' ? ['', 'unified'] : [controllers, ...controllers.split(',')];
  return names.map((name) => join('/sys/fs/cgroup', name, own)).filter((folder) => existsSync(folder));
};

const valuesOf = (folders: readonly string[], names: readonly string[]): LimitValues =>
  Object.fromEntries(
    folders
      .flatMap((folder) => names.map((name) => join(folder, name)))
      .filter((path) => existsSync(path))
      .map((path) => [path, readFileSync(path, 'utf8').trim()]),
  );

/** The MAC addresses to which the fabric sends packets for an address. */
export const neighboursOf = async (lab: string, address: string): Promise<readonly string[]> => {
  const list = ['ip', 'neighbour', 'show', address];
  const { stdout } = await run(['docker', 'exec', `labs-${lab}-fabric`, ...list]);
  return [...stdout.matchAll(/lladdr (\S+)/g)].map(([, mac = '']) => mac);
};
