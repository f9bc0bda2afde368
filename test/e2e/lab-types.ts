// Type-checks a lab's script in a folder that has nothing but the installed package.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { root } from './cli-support.ts';

/**
 * @param packageFolder where npm installed this package
 * @returns what `tsc --strict` printed; nothing when the script is right
 */
export const typeCheck = async (folder: string, packageFolder: string, script: string): Promise<string> => {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(packageFolder, join(folder, 'node_modules', 'kube-network-labs'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'solve.ts'), script);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', 'solve.ts'];
  const { stdout } = await execa(process.execPath, [tsc, ...options], { cwd: folder, reject: false });
  return stdout;
};
