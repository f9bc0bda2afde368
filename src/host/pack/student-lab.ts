// The edition for students of a lab at hand, as a definition, to grade evidence that was recorded with that edition.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LabDefinition, Variation } from '../../api/lab.ts';
import { LabError } from '../../kit/error.ts';
import { fileDigests, loadLab } from '../lab/load.ts';
import { studentEdition } from './edition.ts';

export interface StudentLab {
  /** Its folder is gone, so its scripts cannot run. */
  readonly lab: LabDefinition;
  /** The hash of each file. */
  readonly files: Readonly<Record<string, string>>;
  /** `task/check` of the checks that only the whole lab has. */
  readonly hidden: readonly string[];
}

/** @returns undefined for a lab of which no edition can be made, such as one that has a broken script */
export const studentLab = async (whole: LabDefinition, variation?: Variation): Promise<StudentLab | undefined> => {
  const folder = await mkdtemp(join(tmpdir(), 'labs-edition-'));
  try {
    const { files } = await studentEdition(whole.folder);
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const lab = await loadLab(folder, undefined, variation);
    return { lab, files: await fileDigests(folder), hidden: hiddenIn(whole) };
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const hiddenIn = ({ tasks }: LabDefinition): readonly string[] =>
  tasks.flatMap(({ id, checks }) =>
    checks.filter(({ visibility }) => visibility !== 'always').map((check) => `${id}/${check.id}`),
  );
