// Reads the student's proxy from files, and refuses what Node on the nodes could not run.
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ExitCode, LabError } from '../../kit/error.ts';
import { readScript, type Spot } from '../script/source.ts';

/** A program of one or several files. */
export interface OwnProgram {
  /** The path of the file that Node is given, relative to `root`. */
  readonly entry: string;
  /** The folder that contains all files. */
  readonly root: string;
  /** Path relative to `root` → content. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads the file and the files that it imports.
 * @throws LabError `LAB_PROXY_FILE` if a file cannot be read, `LAB_PROXY_WRONG` with file, line and column of a mistake
 */
export const readProgram = async (file: string): Promise<OwnProgram> => {
  const first = resolve(file);
  const contents = new Map<string, string>();
  const open = [{ path: first, by: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (contents.has(next.path)) continue;
    const source = await contentOf(next);
    contents.set(next.path, source);
    // Without types, so that imports of types are gone. What stands elsewhere keeps its place.
    const { error, imports } = readScript(shown(next.path), source);
    if (error) throw wrong(placeOf(error), error.message);
    for (const { target, ...spot } of imports) {
      if (isBuiltin(target)) continue;
      if (!/^\.{1,2}\//.test(target))
        throw wrong(placeOf(spot), `the nodes do not have the package ${target}`, packageHint);
      open.push({ path: join(dirname(next.path), target), by: placeOf(spot) });
    }
  }
  const root = commonFolder([...contents.keys()]);
  // The unit of systemd and a script of the shell on the node name these paths.
  for (const path of contents.keys())
    if (!/^[\w./-]+$/.test(relative(root, path)))
      throw wrong(shown(path), 'a folder of the program has a name with other letters than A-Z, 0-9, ".", "_" and "-"');
  return {
    entry: relative(root, first),
    root,
    files: new Map([...contents].map(([path, content]) => [relative(root, path), content])),
  };
};

const placeOf = ({ file, line, column }: Spot): string => `${file}:${line}:${column}`;

const packageHint = 'Import only modules of Node (`node:fs/promises`) and files of yours (`./rules.ts`).';

const contentOf = async ({ path, by }: { readonly path: string; readonly by: string }): Promise<string> => {
  if (!/^[\w.-]+\.[mc]?[jt]s$/.test(basename(path)))
    throw wrong(by || shown(path), `${basename(path)} is not the name of a program such as my-proxy.ts`);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new LabError('LAB_PROXY_FILE', `${by === '' ? '' : `${by}: `}${shown(path)} cannot be read`, {
      cause,
      exitCode: ExitCode.usage,
      hint:
        by === ''
          ? 'To begin, write a file with `labs install-proxy --skeleton my-proxy.ts`.'
          : 'Correct the line, then run the command again.',
    });
  }
};

const wrong = (at: string, problem: string, hint = 'Correct the line, then run the command again.'): LabError =>
  new LabError('LAB_PROXY_WRONG', `${at}: ${problem}`, { exitCode: ExitCode.usage, hint });

/** As the student may type it: relative, if it is below the current folder. */
const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

const commonFolder = (paths: readonly string[]): string => {
  let folder = dirname(paths[0] ?? '/');
  while (!paths.every((path) => path.startsWith(`${folder === '/' ? '' : folder}/`))) folder = dirname(folder);
  return folder;
};
