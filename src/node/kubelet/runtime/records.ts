// The runtime's files on a tmpfs: a folder with a record for each sandbox and container, and conmon's exit files.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crun } from '../../sys/crun.ts';
import { mountsBelow, unmount } from '../../sys/mount.ts';
import type { ContainerExit } from './runtime.ts';

export const foldersIn = (state: string) => ({
  crun: join(state, 'crun'),
  exits: join(state, 'exits'),
  containers: join(state, 'containers'),
  sandboxes: join(state, 'sandboxes'),
});
export type Folders = ReturnType<typeof foldersIn>;

/** The name of a file in a container's bundle. The container sees the file as /dev/termination-log. */
export const terminationMessageFile = 'termination-log';

const recordFile = 'record.json';

/** Replaces the file as a whole, so that a reader never sees half a record. */
export const writeRecord = async (folder: string, id: string, record: object): Promise<void> => {
  const file = join(folder, id, recordFile);
  await mkdir(join(folder, id), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
};

export const readRecords = async <T extends { readonly id: string }>(folder: string): Promise<Map<string, T>> => {
  const records = new Map<string, T>();
  for (const id of await readdir(folder)) {
    const text = await readFile(join(folder, id, recordFile), 'utf8').catch(() => undefined);
    if (text !== undefined) records.set(id, JSON.parse(text) as T);
  }
  return records;
};

/** Removes containers and sandboxes that have no record, because the kubelet was killed while it made them. */
export const removeHalfMade = async (
  folders: Folders,
  known: ReadonlySet<string>,
  crun: Pick<Crun, 'delete'>,
): Promise<void> => {
  for (const id of await readdir(folders.crun)) if (!known.has(id)) await crun.delete(id);
  for (const folder of [folders.containers, folders.sandboxes]) {
    for (const id of await readdir(folder)) {
      if (known.has(id)) continue;
      for (const point of await mountsBelow(join(folder, id))) await unmount(point);
      await rm(join(folder, id), { recursive: true, force: true });
    }
  }
};

/** Reads conmon's exit file. The file's time is the container's end. @returns undefined while the container runs */
export const readExit = async (folder: string, id: string): Promise<ContainerExit | undefined> => {
  try {
    const path = join(folder, id);
    const [text, { mtime }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return /^-?\d+/.test(text) ? { code: Number.parseInt(text, 10), finishedAt: mtime.toISOString() } : undefined;
  } catch {
    return undefined;
  }
};

export const readTerminationMessage = async (bundle: string): Promise<string> => {
  const text = await readFile(join(bundle, terminationMessageFile), 'utf8').catch(() => '');
  return text.slice(0, 4096);
};

/** A zombie counts as dead. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
};
