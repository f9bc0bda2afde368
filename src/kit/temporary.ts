// Names for temporary files beside a file. Each name has a process id, so that a later process can remove leftovers.
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A new name in the folder of `file`. */
export const temporaryFor = (file: string): string => `${file}.${process.pid}.${randomUUID()}.tmp`;

/** Removes the temporary files of `file` that dead processes left behind. */
export const removeLeftovers = async (file: string): Promise<void> => {
  const folder = dirname(file);
  const start = `${basename(file)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = name.startsWith(start) ? /^(\d+)\.[0-9a-f-]{36}\.tmp$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(folder, name), { force: true });
  }
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
