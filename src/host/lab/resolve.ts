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
import { isFaultScript } from '../faults/reference.ts';
import { kindOf } from '../grade/kinds.ts';
import { withoutShortForms } from './cluster.ts';
import { textFile } from './files.ts';
import type { LabInput, TaskInput } from './schema.ts';
import type { CheckInput } from './schema-checks.ts';

/** The files of the lab's folder. files.ts has found those that are missing. */
interface Folder {
  readonly root: string;
  readonly files: ReadonlySet<string>;
}

/** The values of the lab's parameters, and what they were drawn from. */
export interface Drawn {
  readonly variation: Variation;
  readonly params: LabParams;
  /** Texts of faults, by their paths in the folder. */
  readonly texts?: ReadonlyMap<string, string>;
  /** Faults are drawn. */
  readonly isDrawn?: boolean;
}

export const resolveLab = (
  input: LabInput,
  root: string,
  files: ReadonlySet<string>,
  digest: string,
  { variation, params, texts = new Map(), isDrawn = false }: Drawn = { variation: {}, params: {} },
): LabDefinition => {
  const folder: Folder = { root, files };
  const { name, title, summary, version, timeLimit } = input;
  return {
    name,
    title,
    summary,
    ...(version === undefined ? {} : { version }),
    ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit }),
    folder: root,
    digest,
    cluster: resolveCluster(input.cluster),
    variation,
    params,
    texts: Object.fromEntries([...texts].map(([path, text]) => [join(root, path), text])),
    ...(isDrawn ? { drawsFaults: true } : {}),
    images: input.images,
    manifests: input.manifests.map((file) => join(root, file)),
    ...(input.setup === undefined ? {} : { setup: join(root, input.setup) }),
    ...(input.restore === undefined ? {} : { restore: join(root, input.restore) }),
    tasks: input.tasks.map((task) => resolveTask(task, folder)),
  };
};

const resolveCluster = (input: LabInput['cluster']): ClusterSpec => ({
  ...withoutShortForms(input),
  dnsAddress: input.dnsAddress ?? cidrAddress(input.serviceCidr, addressLayout.dnsService),
});

const resolveTask = (task: TaskInput, folder: Folder): TaskDefinition => {
  const { id, title, needs, hints, setup, solve, clear, wrong, text = textFile(id) } = task;
  const script = (field: 'setup' | 'solve' | 'clear', file: string | false | undefined) =>
    typeof file === 'string' ? { [field]: pathIn(folder.root, file) } : {};
  return {
    id,
    title,
    ...(needs.length > 0 ? { needs } : {}),
    hints,
    text: { en: join(folder.root, text), ...translationsOf(text, folder) },
    ...resolveDebrief(text, folder),
    ...script('setup', setup),
    ...script('solve', solve),
    ...script('clear', clear),
    ...(wrong ? { wrong: wrong.map((file) => pathIn(folder.root, file)) } : {}),
    checks: task.checks.map((check) => resolveCheck(check, id, folder)),
  };
};

/** The scripts of faults are in no folder. */
const pathIn = (root: string, file: string): string => (isFaultScript(file) ? file : join(root, file));

/** `tasks/x.debrief.md` beside `tasks/x.md`, when the folder has it. */
const resolveDebrief = (text: string, folder: Folder): Pick<TaskDefinition, 'debrief'> => {
  const file = text.replace(/\.md$/, '.debrief.md');
  if (!folder.files.has(file)) return {};
  return { debrief: { en: join(folder.root, file), ...translationsOf(file, folder) } };
};

/** The translations beside `tasks/x.md`, such as `tasks/x.ko.md`. */
const translationsOf = (file: string, folder: Folder): Omit<Localized, 'en'> => {
  const translations = languages
    .filter((language) => language !== 'en')
    .map((language) => [language, file.replace(/\.md$/, `.${language}.md`)] as const)
    .filter(([, translation]) => folder.files.has(translation))
    .map(([language, translation]) => [language, join(folder.root, translation)]);
  return Object.fromEntries(translations);
};

const resolveCheck = (check: CheckInput, task: string, { root }: Folder): CheckDefinition => {
  const kind = kindOf(check);
  const { type, id, title, points, not, within, stableFor, needs, hint, reveal, partial, visibility } = check;
  const fields = Object.fromEntries(
    Object.entries(check)
      .filter(([name]) => Object.hasOwn(kind.fields, name))
      .map(([name, value]) => [name, kind.files?.includes(name) ? pathIn(root, String(value)) : value]),
  );
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
    ...(kind.resolve?.(fields) ?? fields),
  };
};
