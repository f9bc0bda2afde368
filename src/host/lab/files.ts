// The files of a lab's folder that its lab.yaml names. It works on raw data, so that it finds missing files even when
// a field has a wrong shape.
import { askWhether, nearestPaths } from '../../kit/suggest.ts';
import { isFaultScript } from '../faults/reference.ts';
import { findKind } from '../grade/kinds.ts';
import type { Path, Problem } from './problem.ts';
import { listOf, type Raw, recordOf } from './raw.ts';

/** A file that lab.yaml names, and where. */
export interface NamedFile {
  /** Relative to the lab's folder. */
  readonly file: string;
  readonly path: Path;
  /** For a script: the functions of which it must export one. */
  readonly exports?: readonly string[];
}

/** A file of a lab that labs may run. */
export const isScript = (file: string): boolean => /\.[cm]?[jt]s$/.test(file) && !/\.d\.[cm]?ts$/.test(file);

/** The text of a task without the field `text`. */
export const textFile = (task: string): string => `tasks/${task}.md`;

/** @param raw the YAML as plain data */
export const namedFiles = (raw: unknown): readonly NamedFile[] => {
  const lab = recordOf(raw);
  return allNamed(lab).filter(({ file }) => !isFaultScript(file));
};

const allNamed = (lab: Raw): readonly NamedFile[] => [
  ...listIn(lab, 'manifests', []),
  ...scriptIn(lab, 'setup', []),
  ...scriptIn(lab, 'restore', []),
  ...listOf(lab.tasks).flatMap((task, t) => {
    const path: Path = ['tasks', t];
    return [
      ...textOf(task, path),
      ...scriptIn(task, 'setup', path),
      ...scriptIn(task, 'solve', path),
      ...scriptIn(task, 'clear', path),
      ...listIn(task, 'wrong', path, ['cheat']),
      ...listOf(task.checks).flatMap((check, c) => filesOf(check, [...path, 'checks', c])),
    ];
  }),
];

const scriptIn = (raw: Raw, field: string, path: Path): readonly NamedFile[] =>
  typeof raw[field] === 'string' ? [{ file: raw[field], path: [...path, field], exports: [field] }] : [];

/** Files of which a field has a list. */
const listIn = (raw: Raw, field: string, path: Path, exports?: readonly string[]): readonly NamedFile[] =>
  (Array.isArray(raw[field]) ? raw[field] : []).flatMap((file: unknown, index) =>
    typeof file === 'string' ? [{ file, path: [...path, field, index], ...(exports ? { exports } : {}) }] : [],
  );

const textOf = ({ id, text }: Raw, path: Path): readonly NamedFile[] => {
  if (typeof text === 'string') return [{ file: text, path: [...path, 'text'] }];
  return typeof id === 'string' && text === undefined ? [{ file: textFile(id), path: [...path, 'id'] }] : [];
};

const filesOf = (check: Raw, path: Path): readonly NamedFile[] =>
  (findKind(check.type)?.files ?? []).flatMap((field) => {
    const file = check[field];
    const exported = check.type === 'answer' ? 'expected' : 'check';
    return typeof file === 'string' ? [{ file, path: [...path, field], exports: [exported] }] : [];
  });

/**
 * @param files all files of the folder, relative to it, and the texts that faults bring
 * @param inFolder the files of the folder alone: only these can be meant by a misspelt name
 */
export const missingFiles = (
  raw: unknown,
  files: ReadonlySet<string>,
  inFolder: readonly string[],
): readonly Problem[] =>
  namedFiles(raw).flatMap(({ file, path }) =>
    files.has(file)
      ? []
      : [
          {
            path,
            rule: 'missing-file',
            message: `there is no file "${file}" in the lab’s folder${askWhether(nearestPaths(file, inFolder))}`,
          },
        ],
  );
