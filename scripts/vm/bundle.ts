// Bundles the test files of the virtual machine and their runner, because the machine loads one file much faster than
// hundreds of modules.
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { root } from '../lib/vitest.ts';

/** Where the checkout is in the virtual machine. guest.sh mounts it there. */
const rootInMachine = '/work';
/** Path in the checkout. */
export const testBundle = 'out/vm/tests.mjs';

/** @param report path in the checkout of the report that the tests write */
export const bundleTests = async (files: readonly string[], report: string): Promise<void> => {
  const paths = { json: report, sourceMap: `${testBundle}.map` };
  const loaders = files.map((file) => `${JSON.stringify(file)}: () => import(${JSON.stringify(`./${file}`)})`);
  await build({
    stdin: {
      contents: `import { runTests } from './scripts/vm/guest/run.ts';
        await runTests({ ${loaders.join(', ')} }, ${JSON.stringify(paths)});`,
      resolveDir: root,
    },
    outfile: join(root, testBundle),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Packages in CommonJS load Node's own modules by `require`, which an ES module lacks.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    sourcemap: 'external',
    sourcesContent: false,
    alias: { vitest: join(root, 'scripts/vm/guest/vitest.ts') },
    plugins: [keepFolders],
    logLevel: 'warning',
  });
};

/** In a bundle, `import.meta.dirname` is the folder of the bundle. This keeps the folder of the source. */
const keepFolders: Plugin = {
  name: 'keep-folders',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const folder = join(rootInMachine, relative(root, dirname(path)));
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('import.meta.dirname', JSON.stringify(folder)), loader: 'ts' };
    });
  },
};
