// Whether the scripts of a lab load, and export what labs calls. Loading the lab has found everything else.
import { relative } from 'node:path';
import type { LabDefinition } from '../../../api/lab.ts';
import { messageOf } from '../../../kit/error.ts';
import { createScripts, type Scripts } from '../../script/scripts.ts';
import type { Course } from './course.ts';

interface Wanted {
  readonly file: string;
  readonly name: string;
  readonly task?: string;
  readonly check?: string;
}

/** Finds every problem, not only the first. */
export const testDefinition = (course: Course): Promise<boolean> =>
  course.part('definition', course.say.definition, async () => {
    const { lab, say } = course;
    const scripts = createScripts();
    const wanted = scriptsOf(lab);
    const loaded = new Map<string, readonly string[] | Error>();
    for (const file of new Set(wanted.map((each) => each.file))) loaded.set(file, await exportsOf(scripts, file));
    const told = new Set<string>();
    for (const { file, name, ...about } of wanted) {
      const exported = loaded.get(file) ?? [];
      const shown = relative(lab.folder, file);
      if (exported instanceof Error) {
        if (!told.has(file)) course.find(exported.message, about);
        told.add(file);
      } else if (!exported.includes(name)) course.find(say.noExport(shown, name), about);
    }
    for (const task of lab.tasks) if (task.solve === undefined) course.find(say.noSolve(task.id), { task: task.id });
    return say.scripts(loaded.size);
  });

const exportsOf = (scripts: Scripts, file: string): Promise<readonly string[] | Error> =>
  scripts.exportsOf(file).catch((error: unknown) => new Error(messageOf(error)));

const scriptsOf = ({ setup: start, restore, tasks }: LabDefinition): readonly Wanted[] => [
  ...(start === undefined ? [] : [{ file: start, name: 'setup' }]),
  ...(restore === undefined ? [] : [{ file: restore, name: 'restore' }]),
  ...tasks.flatMap(({ id: task, setup, solve, wrong = [], checks }) => [
    ...(setup === undefined ? [] : [{ file: setup, name: 'setup', task }]),
    ...(solve === undefined ? [] : [{ file: solve, name: 'solve', task }]),
    ...wrong.map((file) => ({ file, name: 'cheat', task })),
    ...checks.flatMap((check) => {
      const { file, script } = check as { readonly file?: unknown; readonly script?: unknown };
      if (check.type === 'script' && typeof file === 'string') return [{ file, name: 'check', task, check: check.id }];
      if (check.type === 'answer' && typeof script === 'string')
        return [{ file: script, name: 'expected', task, check: check.id }];
      return [];
    }),
  ]),
];
