// The files from which a student begins: the folder `skeleton` of the lab.
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';

/** Whether a file of a lab is part of the skeleton, and no script of the lab. @param path in the lab's folder */
export const isSkeleton = (path: string): boolean => path.startsWith(`${folderName}/`);

const folderName = 'skeleton';

/** The file of the skeleton that the student edits. Any name is possible. */
const entry = 'my-proxy.ts';

export interface SkeletonFile {
  readonly path: string;
  readonly content: string;
  /** Another content is there. */
  readonly differs: boolean;
  /** The same content is there. */
  readonly same: boolean;
}

/**
 * What is to be written, beside each other.
 * @param target the path that the student's file gets
 * @throws LabError `LAB_NO_SKELETON`
 */
export const planSkeleton = async (
  { folder, name }: Pick<LabDefinition, 'folder' | 'name'>,
  target: string,
): Promise<readonly SkeletonFile[]> => {
  const from = join(folder, folderName);
  const names = (await readdir(from).catch((): string[] => [])).sort();
  if (!names.includes(entry))
    throw new LabError('LAB_NO_SKELETON', `The lab ${name} has no skeleton of a proxy`, {
      exitCode: ExitCode.usage,
      hint: 'Start a lab that has one: `labs start build-your-own-kube-proxy`.',
    });
  const to = dirname(resolve(target));
  return Promise.all(
    names.map(async (each) => {
      const path = join(to, each === entry ? basename(target) : each);
      const content = await readFile(join(from, each), 'utf8');
      const present = await readFile(path, 'utf8').catch(() => undefined);
      return { path, content, differs: present !== undefined && present !== content, same: present === content };
    }),
  );
};
