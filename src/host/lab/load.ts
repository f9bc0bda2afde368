// The first step of a lab's path: reads the folder into a LabDefinition, or reports every problem with its line and
// column.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { LabDefinition } from '../../api/lab.ts';
import { ExitCode, LabError } from '../../kit/error.ts';
import { type Diagnostic, formatDiagnostic, locate } from './problem.ts';
import { resolveLab } from './resolve.ts';
import { validate } from './validate.ts';

export const labFile = 'lab.yaml';

export type LabReading =
  | { readonly lab: LabDefinition; readonly diagnostics: readonly [] }
  | { readonly lab?: undefined; readonly diagnostics: readonly Diagnostic[] };

/**
 * @param folder of the lab
 * @throws LabError `LAB_DEFINITION_INVALID` that lists every problem; `LAB_DEFINITION_MISSING`
 */
export const loadLab = async (folder: string): Promise<LabDefinition> => {
  const { lab, diagnostics } = await readLab(folder);
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
export const readLab = async (folder: string): Promise<LabReading> => {
  const root = resolve(folder);
  const path = join(root, labFile);
  const shown = relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path);
  const source = await readSource(path, root);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines });
  const at = (offset: number, message: string): Diagnostic => {
    const { line, col } = lines.linePos(offset);
    return { file: shown, line, column: col, message };
  };
  if (document.errors.length > 0)
    return {
      diagnostics: document.errors.map(({ pos, message }) => at(pos[0], message.split(' at line ')[0] ?? message)),
    };
  const { lab, problems } = validate(document.toJS());
  const files = await listFiles(root);
  const resolved = lab ? resolveLab(lab, root, new Set(files), await digestOf(root, files)) : undefined;
  const all = resolved ? resolved.problems : problems;
  if (resolved && all.length === 0) return { lab: resolved.lab, diagnostics: [] };
  const diagnostics = all.map((problem) => ({
    file: shown,
    ...locate(problem, document, lines),
    message: problem.message,
  }));
  return { diagnostics: diagnostics.sort((a, b) => a.line - b.line || a.column - b.column) };
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

/** All files of the lab, relative to its folder, in order. */
const listFiles = async (root: string): Promise<readonly string[]> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
};

const digestOf = async (root: string, files: readonly string[]): Promise<string> => {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(await readFile(join(root, file)))
      .update('\0');
  return `sha256:${hash.digest('hex')}`;
};
