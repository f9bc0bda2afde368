// Looks for an installed program on this machine.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Variables } from './endpoint.ts';

/** Folders of root's PATH that a user's PATH may lack. */
const systemFolders = ['/usr/local/bin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** Looks in PATH and in the system's folders. */
export const isInstalled = (program: string, variables: Variables): boolean =>
  [...(variables.PATH ?? '').split(delimiter), ...systemFolders].some(
    (folder) => folder !== '' && existsSync(join(folder, program)),
  );
