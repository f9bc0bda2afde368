// Reads a file of the user's. A pipe in its place would never end, and a device might not.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** @throws ErrnoException with code `ENOENT` and others of the system, and `EINVAL` for what is no regular file */
export const readRegularFile = async (file: string): Promise<string> => (await readRegularBytes(file)).toString();

/**
 * @param most the largest file that is read, in bytes
 * @throws ErrnoException as `readRegularFile`, and `EFBIG` for a larger file
 */
export const readRegularBytes = async (file: string, most = Number.POSITIVE_INFINITY): Promise<Buffer> => {
  // Without O_NONBLOCK, opening a pipe waits for a writer.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = await handle.stat();
  if (!stat.isFile()) throw Object.assign(new Error('it is not a regular file'), { code: 'EINVAL', path: file });
  if (stat.size > most) throw Object.assign(new Error(`it has more than ${most} bytes`), { code: 'EFBIG', path: file });
  return await handle.readFile();
};
