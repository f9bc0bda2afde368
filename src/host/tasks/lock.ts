// A lock between processes: a file that only one can create. One left by a process that died is taken over.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { done, eventually, notYet } from '../../kit/eventually.ts';

export interface LockOptions {
  /** How long another process may hold it. Default ten seconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs `work` while holding the lock file. Waits for another process that holds it. */
export const withLock = async <T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  await mkdir(dirname(file), { recursive: true });
  const mine = `${file}.${randomUUID()}`;
  await writeFile(mine, String(process.pid));
  try {
    await eventually(`${file} is free`, () => take(file, mine), {
      timeoutMs: options.timeoutMs ?? 10_000,
      intervalMs: 5,
      maxIntervalMs: 50,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } finally {
    await rm(mine, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

/** A hard link to a file that holds the process id already: there is never a lock without its holder's name. */
const take = async (file: string, mine: string) => {
  try {
    await link(mine, file);
    return done(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = await readFile(file, 'utf8').catch(() => undefined);
    if (holder !== undefined && !isAlive(Number(holder))) await removeDead(file, `${mine}.dead`);
    return notYet(`held by process ${holder}`);
  }
};

/** Between reading and removing, another process may have taken the lock over: then it is put back. */
const removeDead = async (file: string, aside: string): Promise<void> => {
  try {
    await rename(file, aside);
    if (isAlive(Number(await readFile(aside, 'utf8')))) await link(aside, file);
  } catch {
    // Somebody else was quicker.
  }
  await rm(aside, { force: true });
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
