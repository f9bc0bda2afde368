// Which labs process grades which submission. A killed one cannot delete its cluster, so the next one does.
import { mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { LabError } from '../../kit/error.ts';
import { withFileLock } from '../../kit/file-lock.ts';
import { readRegularFile } from '../../kit/read-file.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { isAlive } from '../../kit/temporary.ts';

export const lockIn = (folder: string, name: string): string => join(folder, `${name}.lock`);

const suffix = '.owner';
const ownerIn = (folder: string, name: string): string => join(folder, `${name}${suffix}`);

const ownerSchema = z.object({ pid: z.int(), host: z.string(), namespace: z.string() });

/** A process id means something only on one host and in one namespace: containers may share the folder. */
const here = async (): Promise<{ readonly host: string; readonly namespace: string }> => ({
  host: hostname(),
  namespace: await readlink('/proc/self/ns/pid').catch(() => ''),
});

/** Notes that this process makes the cluster, until `disown`. */
export const own = async (folder: string, name: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await replaceFile(ownerIn(folder, name), JSON.stringify({ pid: process.pid, ...(await here()) }));
};

/** The cluster is gone. */
export const disown = (folder: string, name: string): Promise<void> => rm(ownerIn(folder, name), { force: true });

/** Whether the process that made the cluster has died here without deleting the cluster. */
export const wasKilled = async (folder: string, name: string): Promise<boolean> => {
  try {
    const { pid, ...where } = ownerSchema.parse(JSON.parse(await readRegularFile(ownerIn(folder, name))));
    return JSON.stringify(where) === JSON.stringify(await here()) && !isAlive(pid);
  } catch {
    return false;
  }
};

/**
 * Removes what killed runs of other submissions left behind, each under the lock of its submission.
 * @param remove must also remove what only half exists
 */
export const removeKilled = async (
  folder: string,
  mine: string,
  remove: (name: string) => Promise<void>,
): Promise<void> => {
  const names = (await readdir(folder).catch(() => []))
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
  for (const name of names) {
    if (name === mine || !(await wasKilled(folder, name))) continue;
    const work = async (): Promise<void> => {
      // Another process may have been faster, and may grade this submission anew.
      if (!(await wasKilled(folder, name))) return;
      await remove(name);
      await disown(folder, name);
    };
    await withFileLock(lockIn(folder, name), work, { timeoutMs: 100 }).catch((error: unknown) => {
      if (!(error instanceof LabError && error.code === 'LAB_TIMEOUT')) throw error;
    });
  }
};
