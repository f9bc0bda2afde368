// What the containers of a pod share beside the network: memory and message queues, and processes if the pod says so.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { done, eventually, notYet } from '../../../kit/eventually.ts';
import { mountsBelow, unmount } from '../../sys/mount.ts';
import { keepIpcNamespace, startPidNamespace } from '../../sys/namespaces.ts';
import type { SandboxSpec } from './runtime.ts';

/** Absent for namespaces that the pod shares with the node, or whose containers have their own. */
export interface SharedNamespaces {
  readonly ipc?: { readonly path: string; readonly sharedMemory: string };
  /** The namespace lives as long as its first process, which does nothing. */
  readonly pid?: { readonly path: string; readonly keeper: number };
}

/** @param folder the sandbox's, on a tmpfs */
export const shareNamespaces = async (spec: SandboxSpec, folder: string): Promise<SharedNamespaces> => ({
  ...(spec.ipc === 'pod' ? { ipc: await makeIpc(folder) } : {}),
  ...(spec.shareProcesses ? { pid: await makePid(folder) } : {}),
});

const makeIpc = async (folder: string) => {
  const [path, sharedMemory] = [join(folder, 'ipc'), join(folder, 'shm')];
  await mkdir(sharedMemory, { recursive: true });
  await writeFile(path, '');
  await keepIpcNamespace(path, sharedMemory);
  return { path, sharedMemory };
};

const makePid = async (folder: string) => {
  const path = join(folder, 'pid');
  await mkdir(folder, { recursive: true });
  await writeFile(path, '');
  const keeper = await startPidNamespace(path);
  const isMounted = async () => ((await mountsBelow(path)).length > 0 ? done(undefined) : notYet('not mounted'));
  await eventually('the process namespace exists', isMounted, { timeoutMs: 5000, intervalMs: 2, maxIntervalMs: 20 });
  return { path, keeper };
};

/** Ends the processes of the namespaces. Safe to repeat. @param folder the sandbox's */
export const dropNamespaces = async (folder: string, keeper: number | undefined): Promise<void> => {
  const mounted = await mountsBelow(folder);
  // Another process may have the keeper's number after the keeper has ended.
  if (keeper !== undefined && mounted.includes(join(folder, 'pid'))) killQuietly(keeper);
  for (const point of mounted) await unmount(point);
};

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended.
  }
};
