// Lists the labs, and finds a lab or a task by the name that a user typed.
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { LabDefinition, Localized, TaskDefinition, Variation } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { didYouMean } from '../../kit/suggest.ts';
import { labFile, loadLab } from './load.ts';

/** One line of `labs list`. An invalid lab is listed with its problem. */
export type LabSummary =
  | {
      readonly name: string;
      readonly folder: string;
      readonly title: Localized;
      readonly summary: Localized;
      readonly tasks: number;
      readonly nodes: number;
      readonly problem?: undefined;
    }
  | { readonly name: string; readonly folder: string; readonly problem: string };

/** @param roots folders of lab folders. @param cacheFolder as for `loadLab` */
export const listLabs = async (roots: readonly string[], cacheFolder?: string): Promise<readonly LabSummary[]> => {
  const folders = await labFolders(roots);
  return Promise.all(folders.map((folder) => summarise(folder, cacheFolder)));
};

/**
 * A lab by its name, or by a path to its folder (`./my-lab`, `/labs/my-lab`, `.`).
 * @param cacheFolder as for `loadLab`, like `variation`
 * @throws LabError `LAB_UNKNOWN` with the nearest name
 */
export const findLab = async (
  roots: readonly string[],
  name: string,
  cacheFolder?: string,
  variation?: Variation,
): Promise<LabDefinition> => {
  if (isFolder(name)) return loadLab(name, cacheFolder, variation);
  const folders = await labFolders(roots);
  const folder = folders.find((path) => basename(path) === name);
  if (folder) return loadLab(folder, cacheFolder, variation);
  throw new LabError(
    'LAB_UNKNOWN',
    `There is no lab "${name}"${didYouMean(
      name,
      folders.map((path) => basename(path)),
    )}`,
    {
      exitCode: ExitCode.usage,
      hint: 'Run `labs list` to see all labs.',
    },
  );
};

/** Whether a user means a folder, not a name. */
export const isFolder = (name: string): boolean => name.startsWith('.') || name.includes('/');

/**
 * A task by its id or by its number, from 1.
 * @throws LabError `LAB_TASK_UNKNOWN` with the nearest id
 */
export const findTask = (lab: LabDefinition, name: string): TaskDefinition => {
  const task = lab.tasks.find(({ id }, index) => id === name || String(index + 1) === name);
  if (task) return task;
  throw new LabError(
    'LAB_TASK_UNKNOWN',
    `The lab ${lab.name} has no task "${name}"${didYouMean(
      name,
      lab.tasks.map(({ id }) => id),
    )}`,
    {
      exitCode: ExitCode.usage,
      hint: 'Run `labs tasks` to see all tasks.',
    },
  );
};

/** The folders of the labs, in the order of the roots. A lab of an earlier root hides one of the same name. */
export const labFolders = async (roots: readonly string[]): Promise<readonly string[]> => {
  const found = (await Promise.all(roots.map(labFoldersIn))).flat();
  return found.filter((folder, index) => found.findIndex((other) => basename(other) === basename(folder)) === index);
};

const labFoldersIn = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { recursive: false, withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(root, name));
  const found = await Promise.all(
    folders.map(async (folder) => ((await readdir(folder)).includes(labFile) ? [folder] : [])),
  );
  return found.flat().sort();
};

const summarise = async (folder: string, cacheFolder?: string): Promise<LabSummary> => {
  try {
    const { name, title, summary, tasks, cluster } = await loadLab(folder, cacheFolder);
    return { name, folder, title, summary, tasks: tasks.length, nodes: cluster.nodes.length };
  } catch (error) {
    return { name: basename(folder), folder, problem: messageOf(error) };
  }
};
