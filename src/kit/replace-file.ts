// Replaces a file of the user's at once, so that a reader or a crash finds the old text or the new one.
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { removeLeftovers, temporaryFor } from './temporary.ts';

/** Only its owner can read the file (mode 0600). An owner of before stays. Makes the folder, with mode 0700. */
export const replaceFile = async (file: string, text: string | Buffer): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(file);
  try {
    // `wx` follows no link that somebody put in its place.
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
    const owner = await stat(file).catch(() => undefined);
    // Matters to `sudo labs`. Another user may not give files away, and needs not.
    if (owner) await chown(temporary, owner.uid, owner.gid).catch(() => {});
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await removeLeftovers(file);
};
