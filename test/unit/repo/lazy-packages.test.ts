// Bundles a program that imports a package, and looks when the program loads the package.
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { lazyPackages } from '../../../scripts/lib/lazy-packages.ts';

const bundle = async (folder: string, program: string): Promise<string> => {
  await mkdir(join(folder, 'node_modules/rare'), { recursive: true });
  await writeFile(
    join(folder, 'node_modules/rare/index.js'),
    'globalThis.log?.push("loaded"); exports.answer = () => 42;\n',
  );
  await writeFile(join(folder, 'program.ts'), program);
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'program.ts')],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    plugins: [lazyPackages(['rare'])],
  });
  return outputFiles[0]?.text ?? '';
};

test('a program loads a lazy package when it first uses the package, and once', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'labs-lazy-'));
  const text = await bundle(
    folder.path,
    `import { answer } from 'rare';
     log.push('started'); log.push(answer()); log.push(answer());`,
  );
  const log: unknown[] = [];
  runInNewContext(text, { log, module: {} });
  expect(log).toEqual(['started', 'loaded', 42, 42]);
});
