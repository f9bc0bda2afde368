// The types that authors of labs import: declarations of src/api/script.ts and of all files that it imports.
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** The file whose types are published as `kube-network-labs/lab`. */
const entry = 'src/api/script.ts';

/**
 * Without the type checker, which would take seconds: so each exported value of these files has a type of its own.
 * @param root of the repository
 * @returns path below `dist/types` → text
 */
export const declarationsOf = async (root: string): Promise<ReadonlyMap<string, string>> => {
  const declarations = new Map<string, string>();
  const add = async (file: string): Promise<void> => {
    const path = relative('src', file).replace(/\.ts$/, '.d.ts');
    if (declarations.has(path)) return;
    const { outputText, diagnostics = [] } = ts.transpileDeclaration(await readFile(join(root, file), 'utf8'), {
      fileName: file,
      reportDiagnostics: true,
      compilerOptions: { declaration: true, isolatedDeclarations: true, module: ts.ModuleKind.NodeNext },
    });
    const [problem] = diagnostics;
    if (problem) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`);
    declarations.set(path, outputText.replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'"));
    for (const [, imported = ''] of outputText.matchAll(/from '(\.[^']+\.ts)'/g))
      await add(join(dirname(file), imported));
  };
  await add(entry);
  return declarations;
};
