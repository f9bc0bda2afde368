// The first step of a lab's path: reads the folder into a LabDefinition, or reports every problem with its line and
// column.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { LabDefinition, LabParams, Variation } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { expandFaults } from './faults.ts';
import { missingFiles } from './files.ts';
import { drawParams, fillParams, fillText, usesAny, wrongParams } from './params.ts';
import type { ParsedYaml } from './parse.ts';
import { keepParsed, readParsed } from './parsed.ts';
import { type Diagnostic, formatDiagnostic, type Problem } from './problem.ts';
import { recordOf, valueAt } from './raw.ts';
import { resolveLab } from './resolve.ts';
import { validate } from './validate.ts';

export const labFile = 'lab.yaml';

export type LabReading =
  | { readonly lab: LabDefinition; readonly diagnostics: readonly [] }
  | { readonly lab?: undefined; readonly diagnostics: readonly Diagnostic[] };

/**
 * @param folder of the lab. @param cacheFolder keeps what a valid `lab.yaml` says, because reading YAML takes long
 * @param variation what the values of its parameters are drawn from
 * @throws LabError `LAB_DEFINITION_INVALID` that lists every problem; `LAB_DEFINITION_MISSING`
 */
export const loadLab = async (folder: string, cacheFolder?: string, variation?: Variation): Promise<LabDefinition> => {
  const { lab, diagnostics } = await readLab(folder, cacheFolder, variation);
  if (lab) return lab;
  const count = diagnostics.length === 1 ? 'One problem' : `${diagnostics.length} problems`;
  throw new LabError(
    'LAB_DEFINITION_INVALID',
    `${count} in the lab’s definition:\n${diagnostics.map(formatDiagnostic).join('\n')}`,
    {
      exitCode: ExitCode.usage,
      hint: 'Correct the lines above. An editor with YAML support completes fields from schema/lab.schema.json.',
    },
  );
};

/** Like `loadLab`, but returns the problems. Throws only for a folder without a `lab.yaml`. */
export const readLab = async (folder: string, cacheFolder?: string, variation: Variation = {}): Promise<LabReading> => {
  const root = resolve(folder);
  const path = join(root, labFile);
  const source = await readSource(path, root);
  const known = cacheFolder === undefined ? undefined : await readParsed(cacheFolder, path, source);
  if (known !== undefined) {
    const { lab } = await understand(known, root, variation);
    if (lab) return { lab, diagnostics: [] };
  }
  const { lab, diagnostics, parsed } = await examineLab(root, variation);
  if (!lab) return { diagnostics };
  if (cacheFolder !== undefined) await keepParsed(cacheFolder, path, { source, value: parsed.value });
  return { lab, diagnostics: [] };
};

/** All that can be known about a lab that may be wrong. */
export interface Examined extends Understood {
  readonly variation: Variation;
  /** Absolute. */
  readonly root: string;
  readonly parsed: ParsedYaml;
  /** In the order of the files and lines. Empty for a valid lab. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a lab and all that is wrong with it. @throws LabError `LAB_DEFINITION_MISSING` */
export const examineLab = async (folder: string, variation: Variation = {}): Promise<Examined> => {
  const root = resolve(folder);
  const path = join(root, labFile);
  const source = await readSource(path, root);
  const { parseYaml } = await import('./parse.ts');
  const shown = relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path);
  const parsed = parseYaml(source, shown);
  if (parsed.errors.length > 0) {
    const nothing = { value: undefined, params: {}, files: await labFiles(root), problems: [], textProblems: [] };
    return { root, parsed, variation, ...nothing, diagnostics: parsed.errors };
  }
  const understood = await understand(parsed.value, root, variation);
  const inTexts = understood.textProblems.map((problem) => ({ ...problem, file: join(dirname(shown), problem.file) }));
  return { root, parsed, variation, ...understood, diagnostics: [...parsed.locate(understood.problems), ...inTexts] };
};

interface Understood {
  /** Present when there is no problem. */
  readonly lab?: LabDefinition;
  /** The YAML as plain data, with the values of the parameters. */
  readonly value: unknown;
  readonly params: LabParams;
  /** All files of the lab, by their paths in its folder, and the texts of its faults. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly problems: readonly Problem[];
  /** Problems in other files, whose paths are relative to the folder. */
  readonly textProblems: readonly Diagnostic[];
}

/** @param raw the YAML as plain data */
const understand = async (raw: unknown, root: string, variation: Variation): Promise<Understood> => {
  const params = drawParams(raw, variation);
  const wrong = wrongParams(raw);
  const filled = fillParams(raw, params, wrong);
  const inFolder = await labFiles(root);
  const { value, problems: faulty, texts, isDrawn } = expandFaults(filled.value, variation, inFolder);
  const { lab, problems: found } = validate(value);
  // A field that uses a wrong parameter would be wrong, too.
  const ownProblems = found.filter(({ path }) => path[0] === 'params' || !usesAny(valueAt(raw, path), wrong));
  const files = new Map([...inFolder, ...[...texts].map(([path, text]) => [path, Buffer.from(text)] as const)]);
  const names = new Set(files.keys());
  const problems = [...filled.problems, ...faulty, ...ownProblems, ...missingFiles(value, names, [...inFolder.keys()])];
  const textProblems = findTextProblems(files, { params, wrong, manifests: textsOf(recordOf(value).manifests) });
  const known = { value, params, files, problems, textProblems };
  if (!lab || problems.length + textProblems.length > 0) return known;
  return { lab: resolveLab(lab, root, names, digestOf(inFolder), { variation, params, texts, isDrawn }), ...known };
};

const readSource = async (path: string, folder: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new LabError('LAB_DEFINITION_MISSING', `There is no lab in ${folder}: the folder has no ${labFile}`, {
      cause,
      exitCode: ExitCode.usage,
      hint: 'Run `labs list` to see all labs.',
    });
  }
};

/** All files of the lab, relative to its folder, in order. What tools keep there is not of the lab. */
export const listFiles = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { withFileTypes: true });
  const files = entries.map(async (entry): Promise<readonly string[]> => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    if (entry.isFile()) return [entry.name];
    if (!entry.isDirectory()) return [];
    const below = await readdir(join(root, entry.name), { recursive: true, withFileTypes: true });
    return below.filter((each) => each.isFile()).map((each) => relative(root, join(each.parentPath, each.name)));
  });
  return (await Promise.all(files)).flat().sort();
};

/** The hash of each file of a lab's folder, by its path there. */
export const fileDigests = async (root: string): Promise<Readonly<Record<string, string>>> => {
  const digests: Record<string, string> = {};
  for (const file of await listFiles(root))
    digests[file] = `sha256:${createHash('sha256')
      .update(await readFile(join(root, file)))
      .digest('hex')}`;
  return digests;
};

/** Every file of a lab's folder, by its path there, in order. */
export const labFiles = async (root: string): Promise<ReadonlyMap<string, Buffer>> => {
  const files = await listFiles(root);
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(root, file))] as const)));
};

const digestOf = (files: ReadonlyMap<string, Buffer>): string => {
  const hash = createHash('sha256');
  for (const [file, content] of files) hash.update(`${file}\0`).update(content).update('\0');
  return `sha256:${hash.digest('hex')}`;
};

const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

interface Filling {
  readonly params: LabParams;
  readonly wrong: ReadonlySet<string>;
  readonly manifests: readonly string[];
}

/** Parameters in Markdown and manifests that the lab does not have. */
const findTextProblems = (
  files: ReadonlyMap<string, Buffer>,
  { params, wrong, manifests }: Filling,
): readonly Diagnostic[] =>
  [...files]
    .filter(([file]) => (file.startsWith('tasks/') && file.endsWith('.md')) || manifests.includes(file))
    .flatMap(([file, content]) =>
      content
        .toString()
        .split('\n')
        .flatMap((line, index): readonly Diagnostic[] => {
          const message = problemIn(line, params, wrong);
          const column = line.indexOf('{param:');
          return message === undefined ? [] : [{ file, line: index + 1, column, message, rule: 'parameter' }];
        }),
    );

const problemIn = (line: string, params: LabParams, wrong: ReadonlySet<string>): string | undefined => {
  try {
    fillText(line, params, wrong);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
};
