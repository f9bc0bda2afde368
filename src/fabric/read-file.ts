// Reads a file of a machine in which a student is root. Links never lead out of the machine, and no file blocks the
// agent.
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import type { FileOutcome, ReadFileParams } from '../api/facts.ts';
import { machineInit } from './processes.ts';
import { AgentError } from './run.ts';

/** O_PATH of open(2), which Node has no name for. It opens no content, so a FIFO can't block it. */
const O_PATH = 0o10000000;
const asName = O_PATH | constants.O_NOFOLLOW;
const mostLinks = 40;
const mostBytes = 4 * 1024 * 1024;

/** Reads the end of a file. A folder, FIFO or device exists but has no content. */
export const readMachineFile = async (params: ReadFileParams): Promise<FileOutcome> => {
  const read = async (file: FileHandle): Promise<FileOutcome> =>
    readTail(file, (await file.stat()).size, Math.min(params.tailBytes, mostBytes));
  return (
    (await withMachineFile(params, read, { exists: true, content: '', size: 0, truncated: false })) ?? { exists: false }
  );
};

/**
 * Opens a file of a machine for `use`.
 * @param other the result for a folder, FIFO or device. @returns undefined if there is no such file
 */
export const withMachineFile = async <T>(
  named: Pick<ReadFileParams, 'pid' | 'path'> & {
    /** The process of the machine that sees the file at this path. Default: process 1. */
    readonly viewer?: number;
  },
  use: (file: FileHandle) => Promise<T>,
  other?: T,
): Promise<T | undefined> => {
  await using stack = new AsyncDisposableStack();
  const handle = await nameOf(named, stack);
  if (!handle) return undefined;
  if (!(await handle.stat()).isFile()) return other;
  return await use(await contentOf(handle, stack));
};

/** The names in a folder of a machine. None if it is no folder. */
export const namesIn = async ({ pid, path }: Pick<ReadFileParams, 'pid' | 'path'>): Promise<readonly string[]> => {
  await using stack = new AsyncDisposableStack();
  const handle = await nameOf({ pid, path }, stack);
  return handle && (await handle.stat()).isDirectory() ? await readdir(`/proc/self/fd/${handle.fd}`) : [];
};

const nameOf = (
  { pid, path, viewer = pid }: Pick<ReadFileParams, 'pid' | 'path'> & { readonly viewer?: number },
  stack: AsyncDisposableStack,
): Promise<FileHandle | undefined> => {
  machineInit(pid);
  return resolve(`/proc/${viewer}/root`, path, stack);
};

/** The entry of the handle opens the same inode, even if its name leads to another file by now. */
const contentOf = async (handle: FileHandle, stack: AsyncDisposableStack): Promise<FileHandle> =>
  stack.use(await open(`/proc/self/fd/${handle.fd}`, constants.O_RDONLY | constants.O_NONBLOCK));

/** Another text when the file has changed. */
export const fileMark = async ({ pid, path }: Pick<ReadFileParams, 'pid' | 'path'>): Promise<string> => {
  await using stack = new AsyncDisposableStack();
  const stat = await (await nameOf({ pid, path }, stack))?.stat();
  return stat ? [stat.dev, stat.ino, stat.size, stat.mtimeMs].join(' ') : 'none';
};

/** Files of /proc have size 0, but they have content. */
const readTail = async (file: FileHandle, size: number, tailBytes: number): Promise<FileOutcome> => {
  const buffer = Buffer.alloc(size === 0 ? tailBytes : Math.min(size, tailBytes));
  const start = Math.max(0, size - buffer.length);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return {
    exists: true,
    content: buffer.subarray(0, length).toString('utf8'),
    size: Math.max(size, length),
    truncated: start > 0 || (size === 0 && length === buffer.length),
  };
};

/**
 * Follows a path component by component. Each is opened relative to the folder before it (openat(2), through
 * /proc/self/fd), never through a link. The text of a link is read and followed from the machine's root.
 * Rejected: realpath before open, because the student may replace a folder with a link in between.
 * @returns a handle on the name, or undefined when there is none
 */
const resolve = async (root: string, path: string, stack: AsyncDisposableStack): Promise<FileHandle | undefined> => {
  if (!path.startsWith('/')) throw new AgentError('FABRIC_BAD_REQUEST', `"${path}" is not an absolute path`);
  const openName = async (name: string): Promise<FileHandle> => stack.use(await open(name, asName));
  // /proc/PID/root is a link of the kernel, the only link that is followed.
  const opened = await open(`${root}/.`, O_PATH | constants.O_DIRECTORY).catch(missing);
  if (!opened) return undefined;
  const top = stack.use(opened);
  const folders: FileHandle[] = [];
  const rest = partsOf(path);
  let current = top;
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '..') {
      current = folders.pop() ?? top;
      continue;
    }
    const name = `/proc/self/fd/${current.fd}/${part}`;
    const next = await openName(name).catch(missing);
    if (!next) return undefined;
    if (!(await next.stat()).isSymbolicLink()) {
      folders.push(current);
      current = next;
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    const target = await readlink(name).catch(missing);
    if (target === undefined) return undefined;
    if (target.startsWith('/')) {
      folders.length = 0;
      current = top;
    }
    rest.unshift(...partsOf(target));
  }
  return current;
};

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const missing = (error: NodeJS.ErrnoException): undefined => {
  if (['ENOENT', 'ENOTDIR', 'EINVAL', 'ENAMETOOLONG', 'ESRCH'].includes(error.code ?? '')) return undefined;
  throw error;
};
