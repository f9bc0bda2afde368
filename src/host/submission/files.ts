// Reads the folder that a student handed in: only regular files of a moderate size, and no link to elsewhere.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { readRegularBytes } from '../../kit/read-file.ts';

export interface SubmittedFile {
  /** In the folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Submission {
  /** In the order of their paths. */
  readonly files: readonly SubmittedFile[];
  /** Files that count and were not read. */
  readonly refused: readonly { readonly path: string; readonly why: Refusal }[];
  /** `sha256:…` over all of them. */
  readonly digest: string;
}

export type Refusal = 'link' | 'large' | 'unreadable' | 'many';

export const most = { files: 500, bytes: 1 << 20, depth: 5 } as const;

/** Names of files that count. Others, such as a PDF, are left alone. */
const counts = (name: string): boolean => /\.(ya?ml|json|sh)$/.test(name);

/** @throws LabError `LAB_SUBMISSION_UNREADABLE` if the folder cannot be read */
export const readSubmission = async (folder: string): Promise<Submission> => {
  const files: SubmittedFile[] = [];
  const refused: { path: string; why: Refusal }[] = [];
  let isFull = false;
  const read = async (path: string): Promise<void> => {
    try {
      files.push({ path, text: (await readRegularBytes(join(folder, path), most.bytes)).toString() });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      refused.push({ path, why: code === 'EFBIG' ? 'large' : 'unreadable' });
    }
  };
  const walk = async (inside: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, inside), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (isFull) return;
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < most.depth) await walk(path, depth + 1);
      } else if (!counts(entry.name)) continue;
      else if (files.length + refused.length === most.files) {
        isFull = true;
        refused.push({ path, why: 'many' });
      } else if (entry.isSymbolicLink()) refused.push({ path, why: 'link' });
      else await read(path);
    }
  };
  try {
    await walk('', 1);
  } catch (cause) {
    throw new LabError('LAB_SUBMISSION_UNREADABLE', `The submission ${folder} cannot be read: ${messageOf(cause)}`, {
      cause,
      exitCode: ExitCode.usage,
      hint: 'Name the folder that has the student’s files.',
    });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, refused, digest: digestOf(files, refused) };
};

const digestOf = (files: readonly SubmittedFile[], refused: readonly { readonly path: string }[]): string => {
  const hash = createHash('sha256');
  for (const { path, text } of files) hash.update(JSON.stringify([path, text]));
  hash.update(JSON.stringify(refused));
  return `sha256:${hash.digest('hex')}`;
};
