// Bundles the programs of the tests (test/support/programs.ts). Tests start them often, and a bundle starts in half the
// time of the sources.
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { programs } from '../../test/support/programs.ts';
import { root } from './vitest.ts';

/** Folder of the bundles in the checkout. Tests use the folder that TEST_PROGRAMS names, or else the sources. */
export const programsFolder = 'out/programs';

export const bundlePrograms = async (): Promise<void> => {
  await mkdir(join(root, programsFolder), { recursive: true });
  await Promise.all(Object.entries(programs).map(([name, source]) => bundle(source, `${programsFolder}/${name}.cjs`)));
};

const bundle = async (source: string, to: string): Promise<void> => {
  const outfile = join(root, to);
  // Two runs at once may bundle a program, so the file appears as a whole.
  const temporary = `${outfile}.${process.pid}`;
  await build({
    entryPoints: [join(root, 'test/support', source)],
    outfile: temporary,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'warning',
  });
  await rename(temporary, outfile);
};
