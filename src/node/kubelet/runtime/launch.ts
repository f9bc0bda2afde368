// Starts one container: mounts its layers, writes its bundle (the folder with config.json), runs conmon and crun.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cgroups, CgroupView } from '../../sys/cgroup.ts';
import type { Crun } from '../../sys/crun.ts';
import { mountOverlay, unmount } from '../../sys/mount.ts';
import { groupIds } from '../../sys/user-namespace.ts';
import { ociConfig } from './oci.ts';
import { type Folders, writeRecord } from './records.ts';
import type { ContainerRecord, ContainerSpec } from './runtime.ts';
import { newId, type StoredSandbox } from './sandbox.ts';
import { terminationMessageFile } from './termination-message.ts';

export interface LaunchOptions {
  readonly cgroups: Cgroups;
  readonly crun: Crun;
  readonly folders: Folders;
  /** /var/log/pods */
  readonly logFolder: string;
  readonly rootfsOf: (image: ContainerSpec['image']) => string;
  readonly boundingCapabilities: ReadonlySet<string>;
  readonly logSizeMax: number;
}

/** `systemctl stop kubelet` does not stop pods, because their processes are in groups of their own. */
const podGroup = (podUid: string): string => `pod${podUid}`;

/** The group of a container's processes. */
export const groupOf = ({ id, pod }: { readonly id: string; readonly pod: { readonly uid: string } }): string =>
  `${podGroup(pod.uid)}/${id}`;

/** The group of the pod's conmon processes, which no limit of a container must touch. */
const conmonGroup = (podUid: string): string => `${podGroup(podUid)}/conmon`;

export const removePodGroups = async (cgroups: Cgroups, podUid: string): Promise<void> => {
  await cgroups.remove(podGroup(podUid));
};

/** What the container shares with others. */
export interface Surroundings {
  readonly sandbox: StoredSandbox;
  /** The first process of the container whose process namespace is shared. */
  readonly targetPid?: number;
}

/** A failure leaves nothing behind. */
export const launch = async (
  spec: ContainerSpec,
  { sandbox, targetPid }: Surroundings,
  { crun, folders, ...options }: LaunchOptions,
): Promise<ContainerRecord> => {
  const id = newId();
  const bundle = join(folders.containers, id);
  const rootfs = join(bundle, 'rootfs');
  const logPath = containerLogPath(options.logFolder, spec);
  for (const folder of [rootfs, join(bundle, 'upper/data'), join(bundle, 'upper/work'), join(logPath, '..')]) {
    await mkdir(folder, { recursive: true });
  }
  try {
    const [upper, work] = [join(bundle, 'upper/data'), join(bundle, 'upper/work')];
    await mountOverlay({ lower: options.rootfsOf(spec.image), upper, work, target: rootfs });
    await writeFile(join(bundle, terminationMessageFile), '', { mode: 0o666 });
    const context = {
      rootfs,
      bounding: options.boundingCapabilities,
      groupIds: await groupIds(),
      cgroups: await cgroupViews(options.cgroups.views(groupOf({ id, pod: spec.pod })), join(bundle, 'cgroup')),
      ...(sandbox.netns ? { netns: sandbox.netns } : {}),
      ...(sandbox.hostIpc ? { hostIpc: true } : {}),
      ...(sandbox.namespaces?.ipc ? { ipc: sandbox.namespaces.ipc } : {}),
      ...(spec.processes === 'pod' && sandbox.namespaces?.pid ? { pidns: sandbox.namespaces.pid.path } : {}),
      ...(targetPid === undefined ? {} : { pidns: `/proc/${targetPid}/ns/pid` }),
    };
    await writeFile(join(bundle, 'config.json'), JSON.stringify(ociConfig(withTerminationLog(spec, bundle), context)));
    await makeGroups(options.cgroups, id, spec);
    const { terminal, stdin, stdinOnce } = spec;
    const pid = await crun.create({ id, bundle, logPath, logSizeMax: options.logSizeMax, terminal, stdin, stdinOnce });
    // Before the container's program starts, so that its child processes are in the same group.
    await options.cgroups.enter(groupOf({ id, pod: spec.pod }), [pid]);
    const conmon = Number(await readFile(join(bundle, 'conmon.pid'), 'utf8'));
    await options.cgroups.enter(conmonGroup(spec.pod.uid), [conmon]);
    const record = recordOf(spec, { id, pid, logPath });
    await writeRecord(folders.records, id, record);
    // If the start failed after the program began, the container has run and keeps its record.
    await crun.start(id).catch(async (error) => {
      if ((await crun.created()).includes(id)) throw error;
    });
    return record;
  } catch (error) {
    await crun.delete(id).catch(() => {});
    await options.cgroups.remove(groupOf({ id, pod: spec.pod }));
    await unmount(rootfs).catch(() => {});
    await rm(bundle, { recursive: true, force: true });
    await rm(join(folders.exits, id), { force: true });
    await rm(join(folders.records, id), { recursive: true, force: true });
    throw error;
  }
};

/** With cgroup v1, the views lie in folders of a folder, which must be there before it is mounted read-only. */
const cgroupViews = async (views: readonly CgroupView[], folder: string): Promise<readonly CgroupView[]> => {
  const named = views.filter(({ name }) => name !== '');
  if (named.length === 0) return views;
  for (const { name } of named) await mkdir(join(folder, name), { recursive: true });
  return [{ folder, name: '' }, ...named];
};

const makeGroups = async (cgroups: Cgroups, id: string, { pod, limits, podLimits }: ContainerSpec): Promise<void> => {
  await cgroups.create(podGroup(pod.uid), podLimits);
  await cgroups.create(conmonGroup(pod.uid), {});
  await cgroups.create(groupOf({ id, pod }), limits);
};

const withTerminationLog = (spec: ContainerSpec, bundle: string): ContainerSpec => ({
  ...spec,
  mounts: [
    ...spec.mounts,
    { source: join(bundle, terminationMessageFile), target: spec.terminationMessagePath, readOnly: false },
  ],
});

const recordOf = (
  spec: ContainerSpec,
  { id, pid, logPath }: { id: string; pid: number; logPath: string },
): ContainerRecord => ({
  id,
  pod: spec.pod,
  sandboxId: spec.sandboxId,
  name: spec.name,
  attempt: spec.attempt,
  backoffMs: spec.backoffMs,
  image: spec.image.reference,
  imageId: spec.image.digest,
  startedAt: new Date().toISOString(),
  pid,
  terminal: spec.terminal,
  stdin: spec.stdin,
  stopSignal: spec.stopSignal,
  logPath,
  ...(spec.limits.memoryBytes === undefined ? {} : { memoryLimited: true }),
  ...(spec.messageFromLog ? { messageFromLog: true } : {}),
});

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<attempt>.log` */
const containerLogPath = (folder: string, { pod, name, attempt }: ContainerSpec): string =>
  join(folder, `${pod.namespace}_${pod.name}_${pod.uid}`, name, `${attempt}.log`);
