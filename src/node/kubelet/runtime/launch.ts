// Starts one container: mounts its layers, writes its bundle (the folder with config.json), runs conmon and crun.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { moveToPodGroup } from '../../sys/cgroup.ts';
import type { Crun } from '../../sys/crun.ts';
import { mountOverlay, unmount } from '../../sys/mount.ts';
import { ociConfig } from './oci.ts';
import { type Folders, terminationMessageFile, writeRecord } from './records.ts';
import type { ContainerRecord, ContainerSpec } from './runtime.ts';
import { newId, type StoredSandbox } from './sandbox.ts';

export interface LaunchOptions {
  readonly crun: Crun;
  readonly folders: Folders;
  /** /var/log/pods */
  readonly logFolder: string;
  readonly rootfsOf: (image: ContainerSpec['image']) => string;
  readonly boundingCapabilities: ReadonlySet<string>;
  readonly logSizeMax: number;
}

/** A failure leaves nothing behind. */
export const launch = async (
  spec: ContainerSpec,
  sandbox: StoredSandbox,
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
      ...(sandbox.netns ? { netns: sandbox.netns } : {}),
    };
    await writeFile(join(bundle, 'config.json'), JSON.stringify(ociConfig(withTerminationLog(spec, bundle), context)));
    const { terminal, stdin, stdinOnce } = spec;
    const pid = await crun.create({ id, bundle, logPath, logSizeMax: options.logSizeMax, terminal, stdin, stdinOnce });
    // Before the container's program starts, so that its child processes are in the same cgroup.
    await moveToPodGroup(spec.pod.uid, [pid, Number(await readFile(join(bundle, 'conmon.pid'), 'utf8'))]);
    const record = recordOf(spec, { id, pid, logPath });
    await writeRecord(folders.records, id, record);
    // If the start failed after the program began, the container has run and keeps its record.
    await crun.start(id).catch(async (error) => {
      if ((await crun.created()).includes(id)) throw error;
    });
    return record;
  } catch (error) {
    await crun.delete(id).catch(() => {});
    await unmount(rootfs).catch(() => {});
    await rm(bundle, { recursive: true, force: true });
    await rm(join(folders.exits, id), { force: true });
    await rm(join(folders.records, id), { recursive: true, force: true });
    throw error;
  }
};

const withTerminationLog = (spec: ContainerSpec, bundle: string): ContainerSpec => ({
  ...spec,
  mounts: [
    ...spec.mounts,
    { source: join(bundle, terminationMessageFile), target: '/dev/termination-log', readOnly: false },
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
});

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<attempt>.log` */
const containerLogPath = (folder: string, { pod, name, attempt }: ContainerSpec): string =>
  join(folder, `${pod.namespace}_${pod.name}_${pod.uid}`, name, `${attempt}.log`);
