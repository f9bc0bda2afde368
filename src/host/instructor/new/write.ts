// Writes a new lab, all of it or nothing.
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ExitCode, LabError, messageOf } from '../../../kit/error.ts';
import { filesOf, type NewLab, packageName, schemaLine, supportFiles } from './template.ts';

export interface WriteOptions {
  /** The folder of the new lab. It must not exist. */
  readonly folder: string;
  /** The folder of this package, which the lab's editor takes the types from. */
  readonly packageFolder: string;
}

/** @throws LabError `LAB_FOLDER_EXISTS`, `LAB_FOLDER_UNWRITABLE` */
export const writeLab = (lab: NewLab, options: WriteOptions): Promise<void> =>
  whole(options, async (folder) => {
    for (const [path, text] of filesOf(lab)) await put(join(folder, path), text);
  });

/** Copies a lab under another name. @param from the folder of the lab */
export const copyLab = (from: string, name: string, options: WriteOptions): Promise<void> =>
  whole(options, async (folder) => {
    const isKept = (path: string): boolean => !['node_modules', '.git'].includes(basename(path));
    await cp(from, folder, { recursive: true, filter: isKept });
    const definition = await readFile(join(folder, 'lab.yaml'), 'utf8');
    await writeFile(join(folder, 'lab.yaml'), renamed(definition, name));
    const old = /^name:\s*["']?([\w-]+)/m.exec(definition)?.[1];
    if (old !== undefined) await renameInTexts(folder, old, name);
    for (const [path, text] of supportFiles(name)) await put(join(folder, path), text);
  });

/** @param definition the text of lab.yaml, whose comments stay */
const renamed = (definition: string, name: string): string => {
  const withName = definition.replace(/^name:.*$/m, `name: ${name}`);
  const schema = /^# yaml-language-server:.*$/m;
  return schema.test(withName) ? withName.replace(schema, schemaLine) : `${schemaLine}\n${withName}`;
};

/** Commands of the texts, such as `labs start ./NAME`. Anything else may mean the lab that was copied. */
const renameInTexts = async (folder: string, old: string, name: string): Promise<void> => {
  const command = new RegExp(`(\\blabs [a-z-]+ (?:-[^\\n;|&]* )?(?:\\./)?)${old}(?![\\w-])`, 'g');
  for (const path of await readdir(folder, { recursive: true })) {
    if (!path.endsWith('.md')) continue;
    const file = join(folder, path);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(command, `$1${name}`));
  }
};

const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
};

/** Lets `fill` make the lab in a folder beside its place, and puts it there. */
const whole = async (
  { folder, packageFolder }: WriteOptions,
  fill: (folder: string) => Promise<void>,
): Promise<void> => {
  let temporary: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    temporary = await mkdtemp(join(dirname(folder), '.new-lab-'));
    const made = join(temporary, basename(folder));
    await mkdir(made);
    await fill(made);
    await mkdir(join(made, 'node_modules'), { recursive: true });
    await symlink(packageFolder, join(made, 'node_modules', packageName));
    // Only an empty folder can be replaced.
    await rename(made, folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR')
      throw new LabError('LAB_FOLDER_EXISTS', `${folder} exists already`, {
        cause,
        exitCode: ExitCode.usage,
        hint: 'Choose another name, or move what is there.',
      });
    throw new LabError('LAB_FOLDER_UNWRITABLE', `The lab cannot be written to ${folder}: ${messageOf(cause)}`, {
      cause,
      exitCode: ExitCode.usage,
      hint: 'Run `labs new` in a folder that you can write to.',
    });
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
};
