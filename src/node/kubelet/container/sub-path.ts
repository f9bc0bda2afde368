// Finds or makes the folder or file of a `subPath` inside a volume. Nothing outside of the volume can be reached.
import { chmod, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { ContainerConfigError } from './config-error.ts';

export interface SubPath {
  /** The volume's folder. */
  readonly folder: string;
  readonly subPath: string;
  readonly volume: string;
  readonly container: string;
}

/**
 * Missing folders get the mode of the volume's folder.
 * @returns the path without links
 * @throws ContainerConfigError when the path leads out of the volume. The message shows no file of the node.
 */
export const resolveSubPath = async ({ folder, subPath, volume, container }: SubPath): Promise<string> => {
  if (isAbsolute(subPath)) throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`);
  const parts = subPath.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  }
  try {
    const base = await realpath(folder);
    const { mode } = await stat(base);
    let at = base;
    for (const part of parts) at = await step(base, join(at, part), mode & 0o7777);
    return at;
  } catch (cause) {
    const what = `failed to prepare subPath for volumeMount "${volume}" of container "${container}"`;
    throw new ContainerConfigError(what, { cause });
  }
};

const step = async (base: string, path: string, mode: number): Promise<string> => {
  const found = await lstat(path).catch(() => undefined);
  if (!found) {
    await mkdir(path);
    await chmod(path, mode);
    return path;
  }
  const real = await realpath(path);
  if (real !== base && !real.startsWith(base + sep)) throw new Error(`${path} leads out of the volume`);
  return real;
};
