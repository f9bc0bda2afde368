// The real runtime: network namespaces with CNI, containers with crun and conmon, records on a tmpfs beside them, so that
// a kubelet which starts finds what an earlier one left running.
import { randomBytes, randomUUID } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { moveToPodGroup, removePodGroup } from '../sys/cgroup.ts';
import { type CniAttachment, type CniExecutor, type CniNetwork, type CniResult, loadCniNetwork } from '../sys/cni.ts';
import { type Crun, createCrun } from '../sys/crun.ts';
import { mountOverlay, mountsBelow, unmount } from '../sys/mount.ts';
import { addNetns, deleteNetns, listNetns, netnsPath } from '../sys/netns.ts';
import { collectLeftovers } from './garbage.ts';
import { ociConfig } from './oci.ts';
import type {
  ContainerExit,
  ContainerRecord,
  ContainerSpec,
  PodRef,
  Runtime,
  Sandbox,
  SandboxSpec,
} from './runtime.ts';

export interface CrunRuntimeOptions {
  /** On a tmpfs, e.g. /run/kubelet: gone after the node restarts, as the containers are. */
  readonly stateFolder: string;
  /** /var/log/pods */
  readonly logFolder: string;
  /** /etc/cni/net.d */
  readonly cniConfigFolder: string;
  readonly cni: CniExecutor;
  readonly rootfsOf: (image: ContainerSpec['image']) => string;
  readonly boundingCapabilities: ReadonlySet<string>;
  readonly logSizeMax: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface StoredSandbox extends Sandbox {
  readonly network?: CniNetwork;
  readonly attachment?: CniAttachment;
  readonly result?: CniResult;
}

export interface CrunRuntime extends Runtime {
  readonly crun: Crun;
  /** Where conmon keeps a container's attach and control sockets. */
  bundle(containerId: string): string;
}

const loopback: CniNetwork = { cniVersion: '1.0.0', name: 'cni-loopback', plugins: [{ type: 'loopback' }] };

/** Reads what exists, then watches for exits until the signal aborts. */
export const createCrunRuntime = async (options: CrunRuntimeOptions): Promise<CrunRuntime> => {
  const folders = foldersIn(options.stateFolder);
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const crun = createCrun({ root: folders.crun, exits: folders.exits });
  const sandboxes = await readRecords<StoredSandbox>(folders.sandboxes);
  const containers = await readRecords<ContainerRecord>(folders.containers);
  const listeners: ((container: ContainerRecord) => void)[] = [];
  const settling = new Map<string, Promise<void>>();
  const bundle = (id: string): string => join(folders.containers, id);

  const settle = async (record: ContainerRecord, exit: ContainerExit): Promise<void> => {
    const message = await readTerminationMessage(bundle(record.id));
    const ended = { ...record, exit: message === '' ? exit : { ...exit, message } };
    await crun.delete(ended.id).catch((error) => options.logger.error('Deleting a dead container failed', error));
    await unmount(join(bundle(ended.id), 'rootfs'));
    await rm(join(bundle(ended.id), 'upper'), { recursive: true, force: true });
    // Last, since whoever sees the exit may remove the rest; until then conmon's exit file tells it again.
    await writeRecord(folders.containers, ended.id, ended);
    containers.set(ended.id, ended);
    for (const listener of listeners) listener(ended);
  };
  const settleOnce = (record: ContainerRecord, exit: ContainerExit): Promise<void> => {
    const running = settling.get(record.id) ?? settle(record, exit).finally(() => settling.delete(record.id));
    settling.set(record.id, running);
    return running;
  };
  const noticeExit = async (id: string): Promise<void> => {
    const record = containers.get(id);
    if (!record || record.exit) return;
    const exit = await readExit(folders.exits, id);
    if (exit) await settleOnce(record, exit);
  };
  const refresh = async (): Promise<void> => {
    for (const record of [...containers.values()].filter(({ exit }) => !exit)) {
      await noticeExit(record.id);
      if (containers.get(record.id)?.exit || (await isAlive(record.pid))) continue;
      // Its shim was killed with it, or writes the exit file this very moment.
      const exit = await readExit(folders.exits, record.id);
      await settleOnce(record, exit ?? { code: 137, finishedAt: new Date().toISOString(), unknown: true });
    }
  };
  const watcher = watch(folders.exits, { signal: options.signal }, (_, name) => {
    if (name) noticeExit(String(name)).catch((error) => options.logger.error('Handling an exit failed', error));
  });
  watcher.on('error', (error) => options.logger.error('Watching for exits failed', error));
  await refresh();

  return {
    crun,
    bundle,
    sandboxes: () => [...sandboxes.values()],
    containers: () => [...containers.values()],
    async createSandbox(spec) {
      const sandbox = spec.hostNetwork ? hostSandbox(spec) : await connect(spec, options);
      await writeRecord(folders.sandboxes, sandbox.id, sandbox);
      sandboxes.set(sandbox.id, sandbox);
      return sandbox;
    },
    async removeSandbox(id) {
      const sandbox = sandboxes.get(id);
      if (!sandbox) return;
      await disconnect(sandbox, options.cni);
      await removePodGroup(sandbox.pod.uid);
      await rm(join(folders.sandboxes, id), { recursive: true, force: true });
      sandboxes.delete(id);
    },
    async sandboxIntact(id) {
      const netns = sandboxes.get(id)?.netns;
      return netns === undefined ? sandboxes.has(id) : isNamespace(netns);
    },
    async startContainer(spec) {
      const sandbox = sandboxes.get(spec.sandboxId);
      if (!sandbox) throw new Error(`sandbox ${spec.sandboxId} does not exist`);
      const record = await launch(spec, sandbox, { ...options, crun, folders });
      containers.set(record.id, record);
      // It may have ended before its record was there for the watcher to find.
      await noticeExit(record.id);
      return containers.get(record.id) ?? record;
    },
    async signal(id, signal) {
      if (containers.get(id)?.exit === undefined) await crun.kill(id, signal);
    },
    async removeContainer(id) {
      const record = containers.get(id);
      if (!record) return;
      if (!record.exit) throw new Error(`container ${id} is running`);
      for (const point of await mountsBelow(bundle(id))) await unmount(point);
      await rm(bundle(id), { recursive: true, force: true });
      await rm(join(folders.exits, id), { force: true });
      await rm(record.logPath, { force: true });
      containers.delete(id);
    },
    exec: (id, command, { timeoutMs }) => crun.exec(id, command, { timeoutMs }),
    onExit: (listener) => void listeners.push(listener),
    refresh,
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

const foldersIn = (state: string) => ({
  crun: join(state, 'crun'),
  exits: join(state, 'exits'),
  containers: join(state, 'containers'),
  sandboxes: join(state, 'sandboxes'),
});
type Folders = ReturnType<typeof foldersIn>;

const newId = (): string => randomBytes(32).toString('hex');

const hostSandbox = ({ pod }: SandboxSpec): StoredSandbox => ({
  id: newId(),
  pod,
  createdAt: new Date().toISOString(),
});

const connect = async (spec: SandboxSpec, options: CrunRuntimeOptions): Promise<StoredSandbox> => {
  const network = await loadCniNetwork(options.cniConfigFolder);
  if (!network) throw new Error(`no networks found in ${options.cniConfigFolder}`);
  const id = newId();
  const name = `cni-${randomUUID()}`;
  await addNetns(name);
  const base = { containerId: id, netns: netnsPath(name) };
  try {
    await options.cni.add(loopback, { ...base, ifName: 'lo' });
    const attachment = { ...base, ifName: 'eth0', args: cniArgs(spec.pod, id), portMappings: spec.portMappings };
    const result = await addWithPreferredIp(network, attachment, spec.preferredIp, options);
    const ip = result.ips?.[0]?.address.split('/')[0];
    if (ip === undefined) throw new Error(`network "${network.name}" gave the pod no address`);
    const createdAt = new Date().toISOString();
    return { id, pod: spec.pod, netns: base.netns, ip, createdAt, network, attachment, result };
  } catch (cause) {
    await options.cni.remove(network, { ...base, ifName: 'eth0' }).catch(() => {});
    await deleteNetns(name).catch(() => {});
    throw new Error(`failed to setup network for sandbox "${id}": ${messageOf(cause)}`, { cause });
  }
};

const addWithPreferredIp = async (
  network: CniNetwork,
  attachment: CniAttachment,
  ip: string | undefined,
  { cni, logger }: CrunRuntimeOptions,
): Promise<CniResult> => {
  if (ip !== undefined) {
    try {
      return await cni.add(network, { ...attachment, args: { ...attachment.args, IP: ip } });
    } catch (error) {
      logger.warning('The pod cannot have its earlier address back', { ip, err: messageOf(error) });
      await cni.remove(network, attachment).catch(() => {});
    }
  }
  return cni.add(network, attachment);
};

const cniArgs = (pod: PodRef, id: string): Record<string, string> => ({
  IgnoreUnknown: '1',
  K8S_POD_NAMESPACE: pod.namespace,
  K8S_POD_NAME: pod.name,
  K8S_POD_INFRA_CONTAINER_ID: id,
  K8S_POD_UID: pod.uid,
});

const disconnect = async ({ netns, network, attachment, result }: StoredSandbox, cni: CniExecutor): Promise<void> => {
  if (netns === undefined) return;
  const intact = await isNamespace(netns);
  if (network && attachment) await cni.remove(network, { ...attachment, netns: intact ? netns : '' }, result);
  await deleteNetns(netns.split('/').at(-1) ?? '');
  await rm(netns, { force: true });
};

/** A name under /run/netns is a namespace only while one is mounted there. */
const isNamespace = async (path: string): Promise<boolean> => {
  const [file, parent] = await Promise.all([stat(path).catch(() => undefined), stat(join(path, '..'))]);
  return file !== undefined && file.dev !== parent.dev;
};

const launch = async (
  spec: ContainerSpec,
  sandbox: StoredSandbox,
  { crun, folders, ...options }: CrunRuntimeOptions & { readonly crun: Crun; readonly folders: Folders },
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
    await writeFile(join(bundle, terminationMessage), '', { mode: 0o666 });
    const context = {
      rootfs,
      bounding: options.boundingCapabilities,
      ...(sandbox.netns ? { netns: sandbox.netns } : {}),
    };
    await writeFile(join(bundle, 'config.json'), JSON.stringify(ociConfig(withTerminationLog(spec, bundle), context)));
    const { terminal, stdin, stdinOnce } = spec;
    const pid = await crun.create({ id, bundle, logPath, logSizeMax: options.logSizeMax, terminal, stdin, stdinOnce });
    // Before the container's program runs, so that all it starts is born there.
    await moveToPodGroup(spec.pod.uid, [pid, Number(await readFile(join(bundle, 'conmon.pid'), 'utf8'))]);
    const record = recordOf(spec, { id, pid, logPath });
    await writeRecord(folders.containers, id, record);
    await crun.start(id);
    return record;
  } catch (error) {
    await crun.delete(id).catch(() => {});
    await unmount(rootfs).catch(() => {});
    await rm(bundle, { recursive: true, force: true });
    await rm(join(folders.exits, id), { force: true });
    throw error;
  }
};

const terminationMessage = 'termination-log';

const withTerminationLog = (spec: ContainerSpec, bundle: string): ContainerSpec => ({
  ...spec,
  mounts: [
    ...spec.mounts,
    { source: join(bundle, terminationMessage), target: '/dev/termination-log', readOnly: false },
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

const recordFile = 'record.json';

const writeRecord = async (folder: string, id: string, record: object): Promise<void> => {
  const file = join(folder, id, recordFile);
  await mkdir(join(folder, id), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(record));
  await rename(`${file}.new`, file);
};

const readRecords = async <T extends { readonly id: string }>(folder: string): Promise<Map<string, T>> => {
  const records = new Map<string, T>();
  for (const id of await readdir(folder)) {
    const text = await readFile(join(folder, id, recordFile), 'utf8').catch(() => undefined);
    if (text !== undefined) records.set(id, JSON.parse(text) as T);
    // A kubelet that was killed half-way left it without a record: nobody will use it.
    else await removeHalfMade(join(folder, id));
  }
  return records;
};

const removeHalfMade = async (folder: string): Promise<void> => {
  for (const point of await mountsBelow(folder)) await unmount(point);
  await rm(folder, { recursive: true, force: true });
};

const readExit = async (folder: string, id: string): Promise<ContainerExit | undefined> => {
  try {
    const path = join(folder, id);
    const [text, { mtime }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return /^-?\d+/.test(text) ? { code: Number.parseInt(text, 10), finishedAt: mtime.toISOString() } : undefined;
  } catch {
    return undefined;
  }
};

const readTerminationMessage = async (bundle: string): Promise<string> => {
  const text = await readFile(join(bundle, terminationMessage), 'utf8').catch(() => '');
  return text.slice(0, 4096);
};

const isAlive = async (pid: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
};
