// The folder of installed labs: a folder for each lab, and beside it a file that says where the lab came from.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { replaceFile } from '../../kit/replace-file.ts';
import { loadLab } from '../lab/load.ts';
import type { LabPack } from './pack.ts';

const originSchema = z.object({
  /** The file, URL or repository that `labs install` was given. */
  source: z.string(),
  version: z.string(),
  edition: z.enum(['whole', 'student']),
  digest: z.string(),
  installedAt: z.string(),
  /** The digest of the lab whose scripts the user has agreed to run. */
  trusted: z.string().optional(),
});

export type Origin = z.output<typeof originSchema>;

export interface InstallOptions {
  /** The folder of installed labs. */
  readonly home: string;
  readonly source: string;
  readonly now: Date;
}

/** Labs of this name that come with labs itself, or that were installed from elsewhere, stay. */
export const install = async (pack: LabPack, { home, source, now }: InstallOptions): Promise<Origin> => {
  const { manifest, files, digest } = pack;
  const { name, version, edition } = manifest;
  await mkdir(home, { recursive: true });
  const temporary = await mkdtemp(join(home, '.install-'));
  try {
    const made = join(temporary, name);
    for (const [path, content] of files) {
      await mkdir(dirname(join(made, path)), { recursive: true });
      await writeFile(join(made, path), content);
    }
    const lab = await loadLab(made);
    if (lab.name !== name) throw misnamed(name, lab.name);
    const origin: Origin = { source, version, edition, digest, installedAt: now.toISOString() };
    // An earlier version leaves only when the new one is whole.
    await rm(join(home, name), { recursive: true, force: true });
    await rename(made, join(home, name));
    await writeOrigin(home, name, origin);
    return origin;
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError('LAB_FOLDER_UNWRITABLE', `The lab cannot be installed in ${home}: ${messageOf(cause)}`, {
      cause,
      hint: 'Make room on the disk, or correct the permissions of the folder.',
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
};

const misnamed = (packed: string, found: string): LabError =>
  new LabError('LAB_PACK_INVALID', `The packed lab is called ${packed}, but its lab.yaml says ${found}`, {
    exitCode: ExitCode.usage,
    hint: 'Get the file again from where it came from.',
  });

const originFile = (home: string, name: string): string => join(home, `${name}.origin.json`);

const writeOrigin = (home: string, name: string, origin: Origin): Promise<void> =>
  replaceFile(originFile(home, name), `${JSON.stringify(origin, null, 2)}\n`);

/** Where an installed lab came from, or undefined. A damaged file counts as none: nothing is trusted then. */
export const originOf = async (home: string, name: string): Promise<Origin | undefined> => {
  try {
    return originSchema.parse(JSON.parse(await readFile(originFile(home, name), 'utf8')));
  } catch {
    return undefined;
  }
};

/** Remembers that the user lets this lab run its scripts. A changed lab asks anew. @param digest of the lab's folder */
export const trust = async (home: string, name: string, digest: string): Promise<void> => {
  const origin = await originOf(home, name);
  if (origin) await writeOrigin(home, name, { ...origin, trusted: digest });
};

/** The names of installed labs. */
export const installedLabs = async (home: string): Promise<readonly string[]> => {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
};

/** Removes an installed lab. What was done in it, and clusters made from it, stay. */
export const uninstall = async (home: string, name: string): Promise<void> => {
  await rm(join(home, name), { recursive: true, force: true });
  await rm(originFile(home, name), { force: true });
};
