// Makes IPC and process namespaces that the containers of a pod share. netns.ts makes network namespaces.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runOk } from './exec.ts';

const sharedMemoryOptions = 'nosuid,nodev,noexec,mode=1777,size=65536k';

/**
 * Makes an IPC namespace and mounts it on the file, so that it lives without a process. Mounts the shared memory of the
 * namespace on the folder.
 */
export const keepIpcNamespace = async (file: string, sharedMemory: string): Promise<void> => {
  const mount = ['mount', '-t', 'tmpfs', '-o', sharedMemoryOptions, 'shm', sharedMemory];
  await runOk(['unshare', `--ipc=${file}`, ...mount]);
};

/**
 * Like Kubernetes' pause program: it sleeps as an unprivileged user. Because it ignores SIGCHLD, the kernel removes the
 * zombies that it inherits.
 */
const pause = [
  ...['setpriv', '--reuid=65535', '--regid=65535', '--clear-groups', '--no-new-privs', '--pdeathsig=KILL'],
  // The second argument is a link named `pause`, which gives the process its name.
  ...['bash', '-c', "trap '' CHLD; exec -a /pause $0 infinity"],
];

/**
 * Starts a process namespace and mounts it on the file, a moment later.
 * @returns the process that keeps the namespace. Its end kills everything in the namespace.
 */
export const startPidNamespace = async (file: string): Promise<number> => {
  const name = join(dirname(file), 'pause');
  await symlink('/usr/bin/sleep', name);
  const argv = [`--pid=${file}`, '--fork', '--kill-child', ...pause, name];
  const keeper = spawn('unshare', argv, { stdio: 'ignore', detached: true });
  await once(keeper, 'spawn');
  keeper.unref();
  return keeper.pid ?? 0;
};
