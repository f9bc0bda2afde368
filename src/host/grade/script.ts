// Loads a lab's own scripts: TypeScript or JavaScript files that export a function.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';

/**
 * The function that a script exports under the first of these names that it has. Node runs TypeScript by removing the
 * types.
 * @throws LabError `LAB_SCRIPT_BROKEN`
 */
export const importScript = async <T>(file: string, ...names: readonly string[]): Promise<T> => {
  const exported = await findExport<T>(file, ...names);
  if (exported === undefined) throw broken(`The lab's script ${file} exports no function "${names.at(-1)}"`);
  return exported;
};

/** Like `importScript`, but resolves with undefined when the script exports none of these functions. */
export const findExport = async <T>(file: string, ...names: readonly string[]): Promise<T | undefined> => {
  let module: Record<string, unknown>;
  try {
    module = await importFile(file);
  } catch (cause) {
    throw broken(`The lab's script ${file} cannot be loaded: ${messageOf(cause)}`, cause);
  }
  return names.map((name) => module[name]).find((value) => typeof value === 'function') as T | undefined;
};

/** Node refuses to remove types below node_modules, where the labs of an installed package are. */
const importFile = async (file: string): Promise<Record<string, unknown>> => {
  const hooks = registerHooks({
    load: (url, context, next) =>
      /^file:.*\/node_modules\/.*\.ts$/.test(url)
        ? { format: 'module', source: withoutTypes(readFileSync(fileURLToPath(url), 'utf8')), shortCircuit: true }
        : next(url, context),
  });
  try {
    return await import(pathToFileURL(file).href);
  } finally {
    hooks.deregister();
  }
};

/** Without Node's warning that the function is experimental. Node itself removes types with the same code. */
const withoutTypes = (source: string): string => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
};

const broken = (message: string, cause?: unknown): LabError =>
  new LabError('LAB_SCRIPT_BROKEN', message, { cause, exitCode: ExitCode.broken });
