// What students can still read in the edition for students, because labs needs it there.
import { dirname, join, normalize, relative } from 'node:path';
import type { LabDefinition } from '../../api/lab.ts';
import { listOf, type Raw, recordOf } from '../lab/raw.ts';
import type { Script } from './student-script.ts';

/** Each script stands in one list only. */
export interface Shows {
  /** Scripts that prepare or break something when the lab or a task begins, and what they import. */
  readonly setups: readonly string[];
  /** Scripts that remove what a solution makes, and what they import. */
  readonly clears: readonly string[];
  /** Tasks whose fault of the library lab.yaml names, because only one can be drawn. */
  readonly faults: readonly string[];
  /** Other tasks whose fault is drawn from a list in lab.yaml: it is one of a few. */
  readonly drawn: readonly string[];
}

export const showsNothing: Shows = { setups: [], clears: [], faults: [], drawn: [] };

/** @param scripts of the edition, without solutions, by their paths. @param definition the data of lab.yaml */
export const shownIn = (
  lab: LabDefinition,
  scripts: ReadonlyMap<string, Pick<Script, 'exports' | 'imports'>>,
  definition: Raw,
): Shows => {
  const inFolder = (file: string | undefined): string => relative(lab.folder, file ?? lab.folder);
  const has = (name: string) => (path: string) => scripts.get(path)?.exports.includes(name) ?? false;
  const setups = reachedFrom([lab.setup, ...lab.tasks.map(({ setup }) => setup)].map(inFolder), scripts);
  const clearing = [
    ...lab.tasks.flatMap(({ clear, solve }) => [clear, solve].map(inFolder)).filter(has('clear')),
    inFolder(lab.restore),
  ];
  const tasksWith = (isShown: (fault: unknown) => boolean): readonly string[] =>
    listOf(definition.tasks).flatMap(({ id, fault }) => (faultsOf(fault).some(isShown) ? [String(id)] : []));
  const faults = tasksWith(isNamed);
  return {
    setups,
    clears: reachedFrom(clearing, scripts).filter((path) => !setups.includes(path)),
    faults,
    drawn: tasksWith(isOfList).filter((task) => !faults.includes(task)),
  };
};

/** The scripts, and what they import. */
const reachedFrom = (
  paths: readonly string[],
  scripts: ReadonlyMap<string, Pick<Script, 'imports'>>,
): readonly string[] => {
  const reached = new Set(paths.filter((path) => scripts.has(path)));
  for (const path of reached)
    for (const imported of scripts.get(path)?.imports ?? []) {
      const file = normalize(join(dirname(path), imported));
      if (scripts.has(file)) reached.add(file);
    }
  return [...reached].sort();
};

const faultsOf = (fault: unknown): readonly unknown[] => {
  if (fault === undefined) return [];
  return Array.isArray(fault) ? fault : [fault];
};

const isNamed = (fault: unknown): boolean => {
  const { draw } = recordOf(fault);
  return draw === undefined || (Array.isArray(draw) && draw.length === 1);
};

const isOfList = (fault: unknown): boolean => Array.isArray(recordOf(fault).draw);
