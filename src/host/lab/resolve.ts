// The last step of reading a lab: turns the author's input into a LabDefinition with absolute paths and full check
// names.
import { join } from 'node:path';
import { addressLayout, type ClusterSpec } from '../../api/cluster.ts';
import {
  type CheckDefinition,
  type LabDefinition,
  type LabParams,
  type Localized,
  languages,
  type TaskDefinition,
  type Variation,
} from '../../api/lab.ts';
import { cidrAddress } from '../../api/scalars.ts';
import { didYouMean } from '../../kit/suggest.ts';
import { kindOf } from '../grade/kinds.ts';
import { withoutShortForms } from './cluster.ts';
import type { Path, Problem } from './problem.ts';
import type { LabInput, TaskInput } from './schema.ts';
import type { CheckInput } from './schema-checks.ts';

/** The files of the lab's folder, and the problems with missing ones. */
interface Folder {
  readonly root: string;
  readonly files: ReadonlySet<string>;
  readonly problems: Problem[];
}

/** The values of the lab's parameters, and what they were drawn from. */
export interface Drawn {
  readonly variation: Variation;
  readonly params: LabParams;
}

export const resolveLab = (
  input: LabInput,
  root: string,
  files: ReadonlySet<string>,
  digest: string,
  { variation, params }: Drawn = { variation: {}, params: {} },
): { readonly lab: LabDefinition; readonly problems: readonly Problem[] } => {
  const folder: Folder = { root, files, problems: [] };
  const tasks = input.tasks.map((task, index) => resolveTask(task, ['tasks', index], folder));
  const { name, title, summary } = input;
  return {
    lab: {
      name,
      title,
      summary,
      folder: root,
      digest,
      cluster: resolveCluster(input.cluster),
      variation,
      params,
      images: input.images,
      manifests: input.manifests.map((file, index) => fileOf(file, ['manifests', index], folder)),
      ...(input.setup === undefined ? {} : { setup: fileOf(input.setup, ['setup'], folder) }),
      ...(input.restore === undefined ? {} : { restore: fileOf(input.restore, ['restore'], folder) }),
      tasks,
    },
    problems: folder.problems,
  };
};

const resolveCluster = (input: LabInput['cluster']): ClusterSpec => ({
  ...withoutShortForms(input),
  dnsAddress: input.dnsAddress ?? cidrAddress(input.serviceCidr, addressLayout.dnsService),
});

const resolveTask = (task: TaskInput, path: Path, folder: Folder): TaskDefinition => {
  const { id, title, hints, setup, solve, wrong } = task;
  const script = (field: 'setup' | 'solve', file: string | undefined) =>
    file === undefined ? {} : { [field]: fileOf(file, [...path, field], folder) };
  return {
    id,
    title,
    hints,
    text: resolveText(
      task.text ?? `tasks/${id}.md`,
      task.text === undefined ? [...path, 'id'] : [...path, 'text'],
      folder,
    ),
    ...resolveDebrief(task.text ?? `tasks/${id}.md`, folder),
    ...script('setup', setup),
    ...script('solve', solve),
    ...(wrong ? { wrong: wrong.map((file, index) => fileOf(file, [...path, 'wrong', index], folder)) } : {}),
    checks: task.checks.map((check, index) => resolveCheck(check, id, [...path, 'checks', index], folder)),
  };
};

/** `tasks/x.debrief.md` beside `tasks/x.md`, when the folder has it. */
const resolveDebrief = (text: string, folder: Folder): Pick<TaskDefinition, 'debrief'> => {
  const file = text.replace(/\.md$/, '.debrief.md');
  if (!folder.files.has(file)) return {};
  return { debrief: { en: join(folder.root, file), ...translationsOf(file, folder) } };
};

/** `tasks/x.md`, and the translations beside it, such as `tasks/x.ko.md`. */
const resolveText = (file: string, path: Path, folder: Folder): Localized => ({
  en: fileOf(file, path, folder),
  ...translationsOf(file, folder),
});

const translationsOf = (file: string, folder: Folder): Omit<Localized, 'en'> => {
  const translations = languages
    .filter((language) => language !== 'en')
    .map((language) => [language, file.replace(/\.md$/, `.${language}.md`)] as const)
    .filter(([, translation]) => folder.files.has(translation))
    .map(([language, translation]) => [language, join(folder.root, translation)]);
  return Object.fromEntries(translations);
};

const fileOf = (file: string, path: Path, folder: Folder): string => {
  if (!folder.files.has(file))
    folder.problems.push({
      path,
      message: `there is no file "${file}" in the lab’s folder${didYouMean(file, [...folder.files])}`,
    });
  return join(folder.root, file);
};

const resolveCheck = (check: CheckInput, task: string, path: Path, folder: Folder): CheckDefinition => {
  const kind = kindOf(check);
  const { type, id, title, points, not, within, stableFor, needs, hint, reveal, partial, visibility } = check;
  const fields = Object.fromEntries(Object.entries(check).filter(([name]) => name in kind.fields));
  const files = { find: (field: string, file: string) => fileOf(file, [...path, field], folder) };
  return {
    type,
    id,
    title,
    points,
    not,
    withinMs: within,
    stableForMs: stableFor,
    needs: needs.map((need) => (need.includes('/') ? need : `${task}/${need}`)),
    ...(hint === undefined ? {} : { hint }),
    reveal,
    partial,
    visibility,
    ...(kind.resolve?.(fields, files) ?? fields),
  };
};
