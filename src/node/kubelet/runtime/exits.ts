// Notices by conmon's exit files that a container has ended, cleans up after the container, and tells the listeners.
import { watch } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../kit/logger.ts';
import type { Cgroups } from '../../sys/cgroup.ts';
import type { Crun } from '../../sys/crun.ts';
import { unmount } from '../../sys/mount.ts';
import { groupOf } from './launch.ts';
import { type Folders, isAlive, readExit, writeRecord } from './records.ts';
import type { ContainerExit, ContainerRecord } from './runtime.ts';
import { readTerminationMessage } from './termination-message.ts';

export interface ExitTrackerOptions {
  readonly folders: Folders;
  readonly crun: Crun;
  readonly cgroups: Cgroups;
  /** By id. The tracker adds the exit to the record of a container that ended. */
  readonly containers: Map<string, ContainerRecord>;
  readonly logger: Logger;
}

export interface ExitTracker {
  watch(signal: AbortSignal): void;
  /** Looks for the exit file of one container now. */
  notice(id: string): Promise<void>;
  /** Looks at all containers. Also finds the end of a container whose conmon was killed. */
  refresh(): Promise<void>;
  onExit(listener: (container: ContainerRecord) => void): void;
}

export const createExitTracker = (options: ExitTrackerOptions): ExitTracker => {
  const { folders, containers } = options;
  const listeners: ((container: ContainerRecord) => void)[] = [];
  const recording = new Map<string, Promise<void>>();

  const recordExit = async (record: ContainerRecord, exit: ContainerExit): Promise<void> => {
    const ended = await cleanUp(record, exit, options);
    containers.set(ended.id, ended);
    for (const listener of listeners) listener(ended);
  };
  const recordExitOnce = (record: ContainerRecord, exit: ContainerExit): Promise<void> => {
    const running = recording.get(record.id) ?? recordExit(record, exit).finally(() => recording.delete(record.id));
    recording.set(record.id, running);
    return running;
  };
  const noticeExit = async (id: string): Promise<void> => {
    const record = containers.get(id);
    if (!record || record.exit) return;
    const exit = await readExit(folders.exits, id);
    if (exit) await recordExitOnce(record, exit);
  };
  const hasConmon = async (id: string): Promise<boolean> => {
    const pid = await readFile(join(folders.containers, id, 'conmon.pid'), 'utf8').catch(() => '');
    return pid !== '' && isAlive(Number(pid));
  };
  const refresh = async (): Promise<void> => {
    for (const record of [...containers.values()].filter(({ exit }) => !exit)) {
      await noticeExit(record.id);
      if (containers.get(record.id)?.exit || (await isAlive(record.pid)) || (await hasConmon(record.id))) continue;
      const exit = await readExit(folders.exits, record.id);
      // conmon was killed and wrote no exit file.
      await recordExitOnce(record, exit ?? { code: 137, finishedAt: new Date().toISOString(), unknown: true });
    }
  };
  return {
    watch(signal) {
      const watcher = watch(folders.exits, { signal }, (_, name) => {
        if (name) noticeExit(String(name)).catch((error) => options.logger.error('Handling an exit failed', error));
      });
      watcher.on('error', (error) => options.logger.error('Watching for exits failed', error));
    },
    notice: noticeExit,
    refresh,
    onExit: (listener) => void listeners.push(listener),
  };
};

/** Deletes an ended container from crun and removes its layers. @returns the new record */
const cleanUp = async (
  record: ContainerRecord,
  exit: ContainerExit,
  { folders, crun, cgroups, logger }: ExitTrackerOptions,
): Promise<ContainerRecord> => {
  const bundle = join(folders.containers, record.id);
  const message = await readTerminationMessage(record, exit, bundle);
  const oomKilled = (await cgroups.oomKills(groupOf(record))) > 0;
  const ended = {
    ...record,
    exit: { ...exit, ...(message === '' ? {} : { message }), ...(oomKilled ? { oomKilled } : {}) },
  };
  await crun.delete(ended.id).catch((error) => logger.error('Deleting a dead container failed', error));
  // In a process namespace that containers share, the end of a container's first process does not end the others.
  await cgroups.end(groupOf(record));
  await unmount(join(bundle, 'rootfs'));
  await rm(join(bundle, 'upper'), { recursive: true, force: true });
  // Last, because an ended container may be removed as soon as its exit is recorded. If the kubelet stops before this
  // line, the next kubelet reads conmon's exit file again.
  await writeRecord(folders.records, ended.id, ended);
  return ended;
};
