// What an edit of a lab's folder concerns: checks, tasks whose scripts it changes, and the cluster. Pure.
import { relative } from 'node:path';
import type { CheckDefinition, LabDefinition, TaskDefinition } from '../../../api/lab.ts';

export interface Effect {
  /** `task/check` of the checks that may judge differently now. */
  readonly checks: readonly string[];
  /** `task/check` of the checks that are gone. */
  readonly gone: readonly string[];
  /** Scripts and manifests that only act when labs calls them, with the field and the task that name them. */
  readonly scripts: readonly UsedScript[];
}

export interface UsedScript {
  readonly file: string;
  readonly field: 'setup' | 'solve' | 'clear' | 'wrong' | 'restore' | 'manifests';
  /** Undefined: of the lab. */
  readonly task?: string;
}

export const effectOf = (before: LabDefinition, after: LabDefinition, files: ReadonlySet<string>): Effect => {
  const [old, present] = [judgedIn(before), judgedIn(after)];
  const hasScript = [...files].some((file) => /\.[cm]?[jt]s$/.test(file));
  const isConcerned = ([id, { text, runsScript }]: readonly [string, Judged]): boolean =>
    old.get(id)?.text !== text || (runsScript && hasScript);
  return {
    checks: [...present].filter(isConcerned).map(([id]) => id),
    gone: [...old.keys()].filter((id) => !present.has(id)),
    scripts: scriptsOf(after).filter(({ file }) => files.has(file)),
  };
};

interface Judged {
  /** All that the verdict depends on, but for scripts. */
  readonly text: string;
  readonly runsScript: boolean;
}

const judgedIn = ({ tasks, params }: LabDefinition): ReadonlyMap<string, Judged> =>
  new Map(
    tasks.flatMap((task) =>
      task.checks.map((check) => {
        const { needs = [], setup } = task;
        const runsScript = check.type === 'script' || 'script' in check;
        const text = JSON.stringify([check, needs, setup, runsScript ? params : {}]);
        return [`${task.id}/${check.id}`, { text, runsScript }] as const;
      }),
    ),
  );

const scriptsOf = ({ folder, setup, restore, manifests, tasks }: LabDefinition): readonly UsedScript[] => {
  const used = (field: UsedScript['field'], file: string | undefined, task?: TaskDefinition): readonly UsedScript[] =>
    file === undefined ? [] : [{ file: relative(folder, file), field, ...(task ? { task: task.id } : {}) }];
  return [
    ...used('setup', setup),
    ...used('restore', restore),
    ...manifests.flatMap((file) => used('manifests', file)),
    ...tasks.flatMap((task) => [
      ...(['setup', 'solve', 'clear'] as const).flatMap((field) => used(field, task[field], task)),
      ...(task.wrong ?? []).flatMap((file) => used('wrong', file, task)),
    ]),
  ];
};

/** The check with its task. @param id `task/check` */
export const checkOf = (
  { tasks }: LabDefinition,
  id: string,
): { readonly task: TaskDefinition; readonly check: CheckDefinition } | undefined => {
  for (const task of tasks) {
    const check = task.checks.find((each) => `${task.id}/${each.id}` === id);
    if (check) return { task, check };
  }
  return undefined;
};
