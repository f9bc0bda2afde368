// The runtime's files: on a tmpfs the sandboxes, the containers' bundles and conmon's exit files; on a disk the records
// of containers.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crun } from '../../sys/crun.ts';
import { mountsBelow, unmount } from '../../sys/mount.ts';
import { type ContainerExit, type ContainerRecord, lostExitCode } from './runtime.ts';

/**
 * @param state on a tmpfs
 * @param records on a disk
 */
export const foldersIn = (state: string, records: string) => ({
  crun: join(state, 'crun'),
  exits: join(state, 'exits'),
  containers: join(state, 'containers'),
  sandboxes: join(state, 'sandboxes'),
  records,
});
export type Folders = ReturnType<typeof foldersIn>;

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
    const record = parseRecord<T>(await readFile(join(folder, id, recordFile), 'utf8').catch(() => ''));
    if (record) records.set(id, record);
    else await rm(join(folder, id, recordFile), { force: true });
  }
  return records;
};

/** @returns undefined for half a record, which a power cut can leave */
const parseRecord = <T>(text: string): T | undefined => {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};

/** Reads the containers' records. Completes the records of containers that ended together with their node. */
export const readContainers = async (
  folders: Folders,
  crun: Pick<Crun, 'created'>,
): Promise<Map<string, ContainerRecord>> => {
  const records = await readRecords<ContainerRecord>(folders.records);
  for (const id of await crun.created()) {
    // The kubelet was killed before it started the container, so the container has never run.
    records.delete(id);
    await rm(join(folders.records, id), { recursive: true, force: true });
  }
  for (const [id, record] of records) {
    if (record.exit || (await exists(join(folders.containers, id)))) continue;
    const exit = { code: lostExitCode, finishedAt: new Date().toISOString(), unknown: true };
    records.set(id, { ...record, exit });
    await writeRecord(folders.records, id, { ...record, exit });
  }
  return oldestFirst(records);
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Callers expect the newest container last, and the entries of a folder have no order. */
const oldestFirst = (records: ReadonlyMap<string, ContainerRecord>): Map<string, ContainerRecord> =>
  new Map([...records].sort(([, a], [, b]) => Date.parse(a.startedAt) - Date.parse(b.startedAt)));

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

/** A zombie counts as dead. */
export const isAlive = async (pid: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
};
