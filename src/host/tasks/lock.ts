// A lock between processes: a file that only one can create. One left by a process that died is taken over.
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { done, eventually, notYet } from '../../kit/eventually.ts';

/** Runs `work` while holding the lock file. Waits up to ten seconds for another process. */
export const withLock = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  await mkdir(dirname(file), { recursive: true });
  await eventually(`${file} is free`, () => take(file), { timeoutMs: 10_000, intervalMs: 5, maxIntervalMs: 50 });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

const take = async (file: string) => {
  try {
    await using handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    return done(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = await readFile(file, 'utf8').catch(() => '');
    if (holder !== '' && !isAlive(Number(holder))) await rm(file, { force: true });
    return notYet(`held by process ${holder}`);
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
