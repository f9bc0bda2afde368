// Loads a script: a TypeScript or JavaScript file that exports functions. Node runs TypeScript by removing the types.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isFaultScript } from '../faults/reference.ts';

/** The functions that the script exports, by name. Rejects when the script cannot be loaded. */
export const functionsOf = async <T extends (...args: never[]) => unknown>(
  file: string,
): Promise<ReadonlyMap<string, T>> => {
  const exported = Object.entries(await importFile(file));
  return new Map(exported.filter((entry): entry is [string, T] => typeof entry[1] === 'function'));
};

/** Node refuses to remove types below node_modules, where the labs of an installed package are. */
const importFile = async (file: string): Promise<Record<string, unknown>> => {
  // Loading the library takes longer than most scripts.
  if (isFaultScript(file)) return { ...(await import('../faults/script.ts')).faultFunctions(file) };
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
export const withoutTypes = (source: string): string => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
};
