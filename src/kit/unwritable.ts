// Says in plain words that a folder of labs cannot be written: the disk is full, read-only, or not the user's.
import { LabError } from './error.ts';

export interface Place {
  readonly folder: string;
  /** The variable that chooses another folder. */
  readonly variable: 'XDG_STATE_HOME' | 'XDG_CACHE_HOME' | 'KUBECONFIG';
}

/** Runs work that writes into the folder. @throws LabError `LAB_FOLDER_UNWRITABLE` */
export const writingIn = async <T>(place: Place, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw unwritable(place, error) ?? error;
  }
};

const unwritable = ({ folder, variable }: Place, cause: unknown): LabError | undefined => {
  const { code = '', path = folder } = (cause ?? {}) as NodeJS.ErrnoException;
  if (!path.startsWith(folder) && !folder.startsWith(path)) return undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new LabError('LAB_FOLDER_UNWRITABLE', `The disk of ${folder} is full`, {
      cause,
      hint: `Free some space there, or set ${variable} to a folder on another disk.`,
    });
  const why = reasons[code];
  if (why === undefined) return undefined;
  return new LabError('LAB_FOLDER_UNWRITABLE', `${folder} cannot be written: ${why}`, {
    cause,
    hint: `Make the folder writable, or set ${variable} to another folder.`,
  });
};

const reasons: Readonly<Record<string, string>> = {
  EROFS: 'the disk is read-only',
  EACCES: 'permission is missing',
  EPERM: 'permission is missing',
  EIO: 'the disk reports an error',
  ENOTDIR: 'a file is in the place of a folder',
  EEXIST: 'a file is in the place of a folder',
};
