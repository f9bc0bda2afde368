// Network namespaces that a process of a deleted cluster still holds.
import { readdir, readFile, readlink } from 'node:fs/promises';

/** Namespace, such as `net:[4026532708]` → the machine that had it. */
export type Namespaces = ReadonlyMap<string, string>;

export interface Holder {
  readonly machine: string;
  readonly pid: number;
  readonly program: string;
}

/** Undefined where the engine runs elsewhere, or the namespaces of other users cannot be seen. */
export const networkNamespaceOf = (pid: string): Promise<string | undefined> =>
  readlink(`/proc/${pid}/ns/net`).catch(() => undefined);

/** The time since the machine booted, in the ticks of `/proc/PID/stat` (proc(5): 100 a second). */
export const ticksNow = async (): Promise<number> => Math.floor(Number.parseFloat(await read('/proc/uptime')) * 100);

/**
 * The kernel gives the number of a namespace that has ended to a new one, which may be that of another lab. So only
 * processes count that began before the cluster was deleted.
 * @param before as `ticksNow` said when the deletion began
 */
export const holdersOf = async (known: Namespaces, before: number): Promise<readonly Holder[]> => {
  if (known.size === 0) return [];
  const pids = (await readdir('/proc')).filter((each) => /^\d+$/.test(each));
  const found = await Promise.all(
    pids.map(async (pid): Promise<readonly Holder[]> => {
      const machine = known.get((await networkNamespaceOf(pid)) ?? '');
      if (machine === undefined) return [];
      const stat = await read(`/proc/${pid}/stat`);
      // The name of a program may have spaces and brackets.
      const [, program = ''] = /^\d+ \((.*)\) /s.exec(stat) ?? [];
      const began = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? Number.NaN);
      return began < before ? [{ machine, pid: Number(pid), program }] : [];
    }),
  );
  return found.flat();
};

/** Empty when the process has ended. */
const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
