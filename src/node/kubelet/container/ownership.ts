// Gives a volume's files to the group of `fsGroup`, with the permissions that the group needs. As with
// Kubernetes, `fsGroupChangePolicy` has no effect on emptyDirs and volumes of files.
import { chmod, chown, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** @param access the group's permissions for files: 0o660 for a volume that pods may write, else 0o440 */
export const giveToGroup = async (path: string, gid: number, access: 0o660 | 0o440): Promise<void> => {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return lchown(path, found.uid, gid);
  await chown(path, found.uid, gid);
  // New files in a folder with the set-group-ID bit belong to the folder's group.
  const wanted = found.isDirectory() ? access | 0o110 | 0o2000 : access;
  await chmod(path, (found.mode & 0o7777) | wanted);
  if (!found.isDirectory()) return;
  for (const name of await readdir(path)) await giveToGroup(join(path, name), gid, access);
};
