// Reads a file of the user's. A pipe in its place would never end, and a device might not.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** @throws ErrnoException with code `ENOENT` and others of the system, and `EINVAL` for what is no regular file */
export const readRegularFile = async (file: string): Promise<string> => {
  // Without O_NONBLOCK, opening a pipe waits for a writer.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await handle.stat()).isFile())
    throw Object.assign(new Error('it is not a regular file'), { code: 'EINVAL', path: file });
  return await handle.readFile('utf8');
};
