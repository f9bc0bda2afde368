// The runtime on a real node: CNI plugins connect sandboxes, crun and conmon run containers. After a restart, the
// kubelet finds the containers by their records.
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createLimit } from '../../../kit/limit.ts';
import { type Crun, createCrun } from '../../sys/crun.ts';
import { diskUsage } from '../../sys/disk-usage.ts';
import { mountsBelow, unmount } from '../../sys/mount.ts';
import { deleteNetns, listNetns } from '../../sys/netns.ts';
import { createExitTracker } from './exits.ts';
import { collectLeftovers } from './garbage.ts';
import { groupOf, type LaunchOptions, launch, removePodGroups } from './launch.ts';
import { watchMemory } from './oom.ts';
import {
  type Folders,
  foldersIn,
  isAlive,
  readContainers,
  readRecords,
  removeHalfMade,
  writeRecord,
} from './records.ts';
import type { ContainerRecord, ContainerSpec, Runtime } from './runtime.ts';
import { connect, disconnect, hostSandbox, isNamespace, type NetworkOptions, type StoredSandbox } from './sandbox.ts';
import { dropNamespaces, shareNamespaces } from './shared-namespaces.ts';

export interface CrunRuntimeOptions extends NetworkOptions, Omit<LaunchOptions, 'crun' | 'folders'> {
  /** On a tmpfs, such as /run/kubelet: a restart of the node removes the state together with the containers. */
  readonly stateFolder: string;
  /** On a disk: after a restart of the node, the records of containers still show which containers have run. */
  readonly recordFolder: string;
  readonly signal: AbortSignal;
}

export interface CrunRuntime extends Runtime {
  readonly crun: Crun;
  /** @returns the container's folder, with config.json and conmon's attach and control sockets */
  bundle(containerId: string): string;
}

/**
 * The number of sandboxes, and of containers, that are made at once. Without a limit, 100 pods that come together share
 * the processors at each step, and none of them runs before all are nearly done.
 */
const madeAtOnce = 4;

/** Reads the records of an earlier kubelet, then watches for exits until the signal aborts. */
export const createCrunRuntime = async (options: CrunRuntimeOptions): Promise<CrunRuntime> => {
  const folders = foldersIn(options.stateFolder, options.recordFolder);
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const { cgroups } = options;
  const containers = new Map<string, ContainerRecord>();
  const processFiles = (id: string): readonly string[] => {
    const record = containers.get(id);
    return record ? cgroups.processFiles(groupOf(record)) : [];
  };
  const crun = createCrun({ root: folders.crun, exits: folders.exits, processFiles });
  const sandboxes = await readRecords<StoredSandbox>(folders.sandboxes);
  for (const [id, record] of await readContainers(folders, crun)) containers.set(id, record);
  await removeHalfMade(folders, new Set([...sandboxes.keys(), ...containers.keys()]), crun);
  const bundle = (id: string): string => join(folders.containers, id);

  const exits = createExitTracker({ ...options, folders, crun, containers });
  exits.watch(options.signal);
  watchMemory({ cgroups, crun, containers, signal: options.signal });
  const [limitSandboxes, limitStarts] = [createLimit(madeAtOnce), createLimit(madeAtOnce)];
  await exits.refresh();

  return {
    crun,
    bundle,
    sandboxes: () => [...sandboxes.values()],
    containers: () => [...containers.values()],
    async createSandbox(spec) {
      const connected = spec.hostNetwork ? hostSandbox(spec) : await limitSandboxes(() => connect(spec, options));
      const namespaces = await shareNamespaces(spec, join(folders.sandboxes, connected.id)).catch(
        async (error: unknown) => {
          await disconnect(connected, options.cni);
          throw error;
        },
      );
      const sandbox = { ...connected, namespaces, hostIpc: spec.ipc === 'node' };
      await writeRecord(folders.sandboxes, sandbox.id, sandbox);
      sandboxes.set(sandbox.id, sandbox);
      return sandbox;
    },
    async removeSandbox(id) {
      const sandbox = sandboxes.get(id);
      if (!sandbox) return;
      await dropNamespaces(join(folders.sandboxes, id), sandbox.namespaces?.pid?.keeper);
      await disconnect(sandbox, options.cni);
      await removePodGroups(cgroups, sandbox.pod.uid);
      await rm(join(folders.sandboxes, id), { recursive: true, force: true });
      sandboxes.delete(id);
    },
    async sandboxIntact(id) {
      const { netns, namespaces } = sandboxes.get(id) ?? {};
      if (namespaces?.pid && !(await isAlive(namespaces.pid.keeper))) return false;
      return netns === undefined ? sandboxes.has(id) : isNamespace(netns);
    },
    async startContainer(spec) {
      const sandbox = sandboxes.get(spec.sandboxId);
      if (!sandbox) throw new Error(`sandbox ${spec.sandboxId} does not exist`);
      const target = targetOf(spec, containers);
      const surroundings = { sandbox, ...(target ? { targetPid: target.pid } : {}) };
      const record = await limitStarts(() => launch(spec, surroundings, { ...options, crun, folders }));
      containers.set(record.id, record);
      // The container may have ended before the watcher could find its record.
      await exits.notice(record.id);
      return containers.get(record.id) ?? record;
    },
    async signal(id, signal) {
      if (containers.get(id)?.exit === undefined) await crun.kill(id, signal);
    },
    async removeContainer(id) {
      const record = containers.get(id);
      if (!record) return;
      if (!record.exit) throw new Error(`container ${id} is running`);
      await removeContainerFiles(record, folders);
      containers.delete(id);
    },
    diskUsage: (id) => diskUsage([join(bundle(id), 'upper/data'), dirname(containers.get(id)?.logPath ?? '')]),
    exec: (id, command, { timeoutMs }) => crun.exec(id, command, { timeoutMs }),
    onExit: exits.onExit,
    refresh: exits.refresh,
    collectGarbage: (podUids) =>
      collectLeftovers({
        podUids,
        sandboxes: [...sandboxes.values()],
        logFolder: options.logFolder,
        netnsInUse: new Set([...sandboxes.values()].map(({ netns }) => netns ?? '')),
        removeNetns: deleteNetns,
        listNetns,
        logger: options.logger,
      }),
  };
};

/** @throws Error when the container whose processes are to be seen has ended */
const targetOf = ({ processesOf }: ContainerSpec, containers: ReadonlyMap<string, ContainerRecord>) => {
  if (processesOf === undefined) return undefined;
  const target = containers.get(processesOf);
  if (!target || target.exit) throw new Error(`target container ${processesOf} is not running`);
  return target;
};

const removeContainerFiles = async ({ id, logPath }: ContainerRecord, folders: Folders): Promise<void> => {
  const bundle = join(folders.containers, id);
  for (const point of await mountsBelow(bundle)) await unmount(point);
  await rm(bundle, { recursive: true, force: true });
  await rm(join(folders.exits, id), { force: true });
  await rm(join(folders.records, id), { recursive: true, force: true });
  await removeLog(logPath);
};

/** Removes the log file, and the folders of the container and the pod when they are empty. */
const removeLog = async (path: string): Promise<void> => {
  await rm(path, { force: true });
  for (const folder of [dirname(path), dirname(dirname(path))]) await rmdir(folder).catch(() => {});
};
