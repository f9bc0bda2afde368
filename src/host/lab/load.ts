// The first step of a lab's path: reads the folder into a LabDefinition, or reports every problem with its line and
// column.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { LabDefinition, LabParams, Variation } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { drawParams, fillParams, fillText } from './params.ts';
import { keepParsed, readParsed } from './parsed.ts';
import { type Diagnostic, formatDiagnostic, type Problem } from './problem.ts';
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
  const { parseYaml } = await import('./parse.ts');
  const shown = relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path);
  const parsed = parseYaml(source, shown);
  if (parsed.errors.length > 0) return { diagnostics: parsed.errors };
  const { lab, problems } = await understand(parsed.value, root, variation);
  if (!lab) return { diagnostics: parsed.locate(problems) };
  if (cacheFolder !== undefined) await keepParsed(cacheFolder, path, { source, value: parsed.value });
  return { lab, diagnostics: [] };
};

/** @param value the YAML as plain data */
const understand = async (
  value: unknown,
  root: string,
  variation: Variation,
): Promise<{ readonly lab?: LabDefinition; readonly problems: readonly Problem[] }> => {
  const params = drawParams(value, variation);
  // Without its parameters, each field that uses one would be wrong, too.
  if (!params) return { problems: validate(value).problems.filter(({ path: [first] }) => first === 'params') };
  const filled = fillParams(value, params);
  const { lab, problems: found } = validate(filled.value);
  const problems = [...filled.problems, ...found];
  if (!lab || problems.length > 0) return { problems };
  const files = await readFiles(root);
  const resolved = resolveLab(lab, root, new Set(files.keys()), digestOf(files), { variation, params });
  const all = [...resolved.problems, ...textProblems(files, lab.manifests, params)];
  return all.length === 0 ? { lab: resolved.lab, problems: [] } : { problems: all };
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
const listFiles = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { withFileTypes: true });
  const files = entries.map(async (entry): Promise<readonly string[]> => {
    if (entry.isFile()) return [entry.name];
    if (!entry.isDirectory() || toolFolders.has(entry.name)) return [];
    const below = await readdir(join(root, entry.name), { recursive: true, withFileTypes: true });
    return below.filter((each) => each.isFile()).map((each) => relative(root, join(each.parentPath, each.name)));
  });
  return (await Promise.all(files)).flat().sort();
};

const toolFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/** The hash of each file of a lab's folder, by its path there. */
export const fileDigests = async (root: string): Promise<Readonly<Record<string, string>>> => {
  const digests: Record<string, string> = {};
  for (const file of await listFiles(root))
    digests[file] = `sha256:${createHash('sha256')
      .update(await readFile(join(root, file)))
      .digest('hex')}`;
  return digests;
};

const readFiles = async (root: string): Promise<ReadonlyMap<string, Buffer>> => {
  const files = await listFiles(root);
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(join(root, file))] as const)));
};

const digestOf = (files: ReadonlyMap<string, Buffer>): string => {
  const hash = createHash('sha256');
  for (const [file, content] of files) hash.update(`${file}\0`).update(content).update('\0');
  return `sha256:${hash.digest('hex')}`;
};

/** Parameters in Markdown and manifests that the lab does not have. */
const textProblems = (
  files: ReadonlyMap<string, Buffer>,
  manifests: readonly string[],
  params: LabParams,
): readonly Problem[] =>
  [...files]
    .filter(([file]) => (file.startsWith('tasks/') && file.endsWith('.md')) || manifests.includes(file))
    .flatMap(([file, content]) =>
      content
        .toString()
        .split('\n')
        .flatMap((line, index) => {
          const problem = problemIn(line, params);
          return problem === undefined ? [] : [{ path: ['params'], message: `${file}:${index + 1}: ${problem}` }];
        }),
    );

const problemIn = (line: string, params: LabParams): string | undefined => {
  try {
    fillText(line, params);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
};
