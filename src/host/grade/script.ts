// Loads a lab's own scripts: TypeScript or JavaScript files that export a function.
import { pathToFileURL } from 'node:url';
import { ExitCode, LabError, messageOf } from '../../kit/error.ts';

/**
 * The function that a script exports under this name. Node runs TypeScript by removing the types.
 * Node refuses to do this below node_modules, so esbuild bundles the scripts there.
 * @throws LabError `LAB_SCRIPT_BROKEN`
 */
export const importScript = async <T>(file: string, name: string): Promise<T> => {
  let module: Record<string, unknown>;
  try {
    module = await importFile(file);
  } catch (cause) {
    throw broken(`The lab's script ${file} cannot be loaded: ${messageOf(cause)}`, cause);
  }
  const exported = module[name];
  if (typeof exported !== 'function') throw broken(`The lab's script ${file} exports no function "${name}"`);
  return exported as T;
};

const importFile = async (file: string): Promise<Record<string, unknown>> => {
  if (!file.includes('/node_modules/') || !file.endsWith('.ts')) return import(pathToFileURL(file).href);
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const code = bundle.outputFiles[0]?.text ?? '';
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
};

const broken = (message: string, cause?: unknown): LabError =>
  new LabError('LAB_SCRIPT_BROKEN', message, { cause, exitCode: ExitCode.broken });
