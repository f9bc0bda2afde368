// Whether a program is installed on this machine.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Variables } from './endpoint.ts';

/** Folders that a user's PATH may lack although root's has them. */
const systemFolders = ['/usr/local/bin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Looks in PATH and in the system's folders. */
export const isInstalled = (program: string, variables: Variables): boolean =>
  [...(variables.PATH ?? '').split(delimiter), ...systemFolders].some(
    (folder) => folder !== '' && existsSync(join(folder, program)),
  );
