// Checks and prepares the folder or file of a hostPath volume.
import type { Stats } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import type { Volume } from '../../../api/core-pods.ts';
import { VolumeError } from './volume-error.ts';

type HostPath = NonNullable<Volume['hostPath']>;

/** Makes what a type with `OrCreate` asks for. @throws VolumeError when the path is not of the wanted type */
export const prepareHostPath = async ({ path, type = '' }: HostPath): Promise<void> => {
  if (type === 'FileOrCreate') await createFile(path);
  // Without a type, nothing is checked. Like containerd, the node makes a folder when there is nothing to mount.
  if (type === 'DirectoryOrCreate' || type === '') await createFolder(path);
  const found = await stat(path).catch(() => undefined);
  const check = checks[type];
  if (!check) return;
  if (!found || !check.is(found)) throw new VolumeError(`hostPath type check failed: ${path} is not ${check.what}`);
};

interface Check {
  readonly is: (found: Stats) => boolean;
  readonly what: string;
}

const directory: Check = { is: (found) => found.isDirectory(), what: 'a directory' };
const file: Check = { is: (found) => found.isFile(), what: 'a file' };

const checks: Readonly<Record<string, Check>> = {
  Directory: directory,
  DirectoryOrCreate: directory,
  File: file,
  FileOrCreate: file,
  Socket: { is: (found) => found.isSocket(), what: 'a socket file' },
  CharDevice: { is: (found) => found.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (found) => found.isBlockDevice(), what: 'a block device' },
};

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const createFolder = async (path: string): Promise<void> => {
  if (!(await exists(path))) await mkdir(path, { recursive: true, mode: 0o755 });
};

/** The parent folder must exist, as with Kubernetes. */
const createFile = async (path: string): Promise<void> => {
  if (await exists(path)) return;
  await writeFile(path, '', { flag: 'wx' });
  await chmod(path, 0o644);
};
