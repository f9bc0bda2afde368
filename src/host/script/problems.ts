// What is wrong with a lab's script, with file, line and column.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../kit/error.ts';
import { isFaultScript, shownScript } from '../faults/reference.ts';
import { WrongCall } from './arguments.ts';
import type { Problem } from './messages.ts';

/** No state of the cluster leads to such an error. */
const hint = 'The script of the lab must be corrected. See docs/authoring/scripts.md for what scripts can call.';

const broken = (message: string): LabError => new LabError('LAB_SCRIPT_BROKEN', message, { hint });

export const notLoaded = (file: string, problem: Problem): LabError =>
  broken(`The lab's script ${placeIn(file, problem.stack)} cannot be loaded: ${problem.message}`);

export const noExport = (file: string, names: readonly string[]): LabError =>
  broken(`The lab's script ${shown(file)} exports no function "${names.at(-1)}"`);

/** @param cause the error of the handle that the script passed on */
export const thrown = (file: string, problem: Problem, cause?: unknown): LabError => {
  const message = `The lab's script ${placeIn(file, problem.stack)} failed: ${problem.message}`;
  return cause instanceof LabError
    ? new LabError(cause.code, message, {
        cause,
        exitCode: cause.exitCode,
        ...(cause.hint ? { hint: cause.hint } : {}),
      })
    : new LabError('LAB_SCRIPT_FAILED', message, { cause, ...(isDefect(problem, cause) ? { hint } : {}) });
};

const isDefect = ({ stack }: Problem, cause: unknown): boolean =>
  cause === undefined ? /^(Type|Reference|Syntax|Range)Error\b/.test(stack) : cause instanceof WrongCall;

export const tooLate = (file: string, timeoutMs: number): LabError =>
  broken(`The lab's script ${shown(file)} took longer than ${timeoutMs / 1000} s`);

export const endedEarly = (file: string, how: string): LabError =>
  broken(`The lab's script ${shown(file)} ended its process: ${how}`);

/**
 * @param must what the function must resolve with
 * @param problem what is wrong. It does not contain the value, because that may be the right answer
 */
export const wrongResult = (
  file: string,
  name: string,
  { must, problem }: Record<'must' | 'problem', string>,
): LabError =>
  broken(`The lab's script ${shown(file)}${lineOf(file, name)}: \`${name}()\` must resolve with ${must}: ${problem}`);

/** Above all files of the script's lab. */
const folderOf = (file: string): string => {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'lab.yaml'))) return folder;
  return dirname(file);
};

/** The file as its author knows it: within the lab's folder. */
const shown = (file: string): string =>
  isFaultScript(file) ? shownScript(file) : relative(folderOf(file), file) || basename(file);

/** The first line of the stack that is in the lab's folder, as `file:line:column`. */
const placeIn = (file: string, stack: string): string => {
  if (isFaultScript(file)) return shown(file);
  const folder = folderOf(file);
  const frames = stack.matchAll(
    /(?<path>file:\/\/\S+?|\/\S+?)(?:\?\S*?)?:(?<line>\d+)(?::(?<column>\d+))?(?=[\s)]|$)/gm,
  );
  for (const { groups = {} } of frames) {
    const { path = '', line, column } = groups;
    const where = path.startsWith('file:') ? fileURLToPath(path) : path;
    const inside = relative(folder, where);
    if (!inside.startsWith('..')) return [inside, line, column].filter(Boolean).join(':');
  }
  return shown(file);
};

/** `:3`, where the function is exported. */
const lineOf = (file: string, name: string): string => {
  if (isFaultScript(file)) return '';
  const lines = readFileSync(file, 'utf8').split('\n');
  const index = lines.findIndex((line) => new RegExp(`\\bexport\\b.*\\b${name}\\b`).test(line));
  return index === -1 ? '' : `:${index + 1}`;
};
