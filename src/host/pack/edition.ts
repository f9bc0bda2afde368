// The files of a lab that are packed: all of them, or those of the edition for students.
import { dirname, join, normalize, relative } from 'node:path';
import { stringify } from 'yaml';
import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';
import { saltsFrom } from '../grade/hashed.ts';
import { isScript } from '../lab/files.ts';
import { hashLabAnswers } from '../lab/hash-answers.ts';
import { labFile, labFiles, loadLab } from '../lab/load.ts';
import { parseYaml } from '../lab/parse.ts';
import { listOf, type Raw, recordOf } from '../lab/raw.ts';
import { isSkeleton } from '../own-proxy/skeleton.ts';
import { type Shows, shownIn, showsNothing } from './shows.ts';
import { readScript, type Script } from './student-script.ts';

export interface Edition {
  readonly lab: LabDefinition;
  /** Path in the lab's folder → content, in order. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** `task/check` of the questions whose right answers can be read in the files. */
  readonly readable: readonly string[];
  /** What else gives something away that this edition is meant to hide. */
  readonly shows: Shows;
}

/** @throws LabError when the lab is not valid */
export const wholeEdition = async (folder: string): Promise<Edition> => {
  const lab = await loadLab(folder);
  const files = await labFiles(folder);
  return { lab, files, readable: [], shows: showsNothing };
};

/**
 * Without solutions, wrong solutions, hidden checks and pages for teachers. Right answers are hashed where they can be.
 * Debriefs stay, because labs shows them after a task. The same lab always has the same edition.
 */
export const studentEdition = async (folder: string): Promise<Edition> => {
  const { lab, files } = await wholeEdition(folder);
  const source = String(files.get(labFile));
  const { value } = parseYaml(source, labFile);
  const { lab: hashed, readable } = await hashLabAnswers(withoutHidden(recordOf(value)), await saltsFrom(source));
  const sources = studentScripts(lab, files);
  const definition = withoutSolutions(hashed, sources);
  const kept = new Map([...files].filter(([path]) => isSkeleton(path) || !(isScript(path) || isForTeachers(path))));
  for (const [path, { source }] of sources) kept.set(path, Buffer.from(source));
  kept.set(labFile, Buffer.from(stringify(definition, { lineWidth: 0 })));
  const sorted = new Map([...kept].sort(([a], [b]) => (a < b ? -1 : 1)));
  const scripted = questionsByScript(lab);
  return { lab, files: sorted, readable: [...readable, ...scripted], shows: shownIn(lab, sources, recordOf(value)) };
};

const isForTeachers = (path: string): boolean =>
  /^(readme|teacher)(\.\w+)?\.md$|^(package(-lock)?|tsconfig)\.json$/i.test(path);

/** No other check needs a hidden one: such a lab is not valid. */
const withoutHidden = (lab: Raw): Raw => {
  const isVisible = ({ visibility = 'always' }: Raw): boolean => visibility === 'always';
  const tasks = listOf(lab.tasks).map((task) =>
    task.checks === undefined ? task : { ...task, checks: listOf(task.checks).filter(isVisible) },
  );
  return { ...lab, tasks };
};

/** The scripts that the edition needs, and what they import, each without its solution. */
const studentScripts = (lab: LabDefinition, files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Script> => {
  const scripts = new Map<string, Script>();
  const add = (path: string): void => {
    const content = files.get(path);
    if (scripts.has(path) || !content) return;
    const script = readWithoutSolution(path, content.toString());
    scripts.set(path, script);
    for (const imported of script.imports) add(normalize(join(dirname(path), imported)));
  };
  const isOfLab = (value: unknown): value is string => typeof value === 'string' && value.startsWith(`${lab.folder}/`);
  const visible = lab.tasks.flatMap(({ checks }) => checks.filter(({ visibility }) => visibility === 'always'));
  const named = [
    lab.setup,
    lab.restore,
    ...lab.tasks.map(({ setup }) => setup),
    ...visible.flatMap((check) => Object.values(check)),
  ];
  for (const file of named.filter(isOfLab)) if (isScript(file)) add(relative(lab.folder, file));
  for (const { clear, solve } of lab.tasks)
    for (const file of [clear, solve].filter(isOfLab)) {
      const path = relative(lab.folder, file);
      const { exports } = readWithoutSolution(path, String(files.get(path) ?? ''));
      if (exports.includes('clear')) add(path);
    }
  return scripts;
};

const readWithoutSolution = (path: string, source: string): ReturnType<typeof readScript> => {
  try {
    return readScript(source, ['solve', 'cheat']);
  } catch (cause) {
    throw new LabError('LAB_SCRIPT_BROKEN', `The lab's script ${path} cannot be loaded: ${messageOf(cause)}`, {
      cause,
      exitCode: ExitCode.usage,
    });
  }
};

/** Names the script with `clear`, which labs finds in the script of the solution otherwise. */
const withoutSolutions = (lab: Raw, scripts: ReadonlyMap<string, Script>): Raw => {
  const clears = (path: unknown): path is string => scripts.get(String(path))?.exports.includes('clear') ?? false;
  const tasks = listOf(lab.tasks).map(({ solve, wrong: _, ...task }) => {
    // The library has the solution of a fault, so the edition says that labs must not use it.
    if (task.fault !== undefined) return { ...task, solve: false };
    const isFound = task.clear !== undefined || clears(task.setup) || !clears(solve);
    return isFound ? task : { ...task, clear: solve };
  });
  return { ...lab, tasks };
};

const questionsByScript = (lab: LabDefinition): readonly string[] =>
  lab.tasks.flatMap((task) =>
    task.checks
      .filter((check) => check.type === 'answer' && check.visibility === 'always' && 'script' in check)
      .map((check) => `${task.id}/${check.id}`),
  );
