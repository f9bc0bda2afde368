// A lock between processes: a file that only one process can create. A lock whose owner died is free again.
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { done, eventually, notYet, type Seen } from './eventually.ts';
import { readRegularFile } from './read-file.ts';
import { isAlive, removeLeftovers, temporaryFor } from './temporary.ts';

export interface LockOptions {
  /** How long to wait while another process holds the lock. Default: ten seconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs `work` while this process holds the lock. Waits while another process holds the lock.
 * @throws LabError `LAB_TIMEOUT` when another process still holds the lock after `timeoutMs`
 */
export const withFileLock = async <T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> => {
  await mkdir(dirname(file), { recursive: true });
  const mine = temporaryFor(file);
  try {
    await writeFile(mine, String(process.pid));
    const failure = await eventually(`${file} is free`, () => take(file, mine), {
      timeoutMs: options.timeoutMs ?? 10_000,
      intervalMs: 5,
      maxIntervalMs: 50,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    if (failure) throw failure;
  } finally {
    await rm(mine, { force: true }).catch(() => {});
  }
  try {
    await removeLeftovers(file);
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

/**
 * Creates the lock as a hard link to a file with the process id. So a lock names its owner from the start.
 * @returns a failure for which it is no use to wait
 */
const take = async (file: string, mine: string): Promise<Seen<unknown>> => {
  try {
    await link(mine, file);
    return done(undefined);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return done(error);
    const owner = await readRegularFile(file).catch(() => undefined);
    if (owner !== undefined && !isAlive(Number(owner))) await removeDead(file, temporaryFor(file));
    return notYet(`held by process ${owner}`);
  }
};

/** Removes the lock of a dead process. If a live process took the lock in the meantime, puts that lock back. */
const removeDead = async (file: string, aside: string): Promise<void> => {
  try {
    await rename(file, aside);
    if (isAlive(Number(await readRegularFile(aside)))) await link(aside, file);
  } catch {
    // Another process removed or took the lock first.
  }
  await rm(aside, { force: true });
};
