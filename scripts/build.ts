// Bundles the CLI, the components of nodes and the fabric's agent into dist/, and links `labs` so that npx finds it.
// Runs as `prepare` on `npm ci`, and from bin/labs.js when a source is newer than the bundles.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { hostBundle, inContainers, programsInContainers } from './lib/bundles.ts';
import { compileProgram } from './lib/compiled.ts';
import { noticesOf } from './lib/notices.ts';
import { declarationsOf } from './lib/types.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

const main = async (): Promise<void> => {
  const started = new Date();
  // Each bundle has its own build, so that an error in one bundle does not prevent the others.
  const results = await Promise.allSettled([...inContainers, hostBundle].map(bundle));
  const packages = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  await put(join(dist, 'THIRD-PARTY-NOTICES.txt'), await noticesOf(root, new Set(packages)));
  await put(join(dist, 'node', 'package.json'), '{"type":"commonjs"}\n');
  for (const [path, text] of await declarationsOf(root)) await put(join(dist, 'types', path), text);
  await dropOldChunks(started);
  await linkBinary();
  // esbuild has printed the errors.
  if (results.some((result) => result.status === 'rejected')) process.exit(1);
  // The time when the build started: sources that changed during the build are then newer.
  await put(join(dist, '.built'), '');
  await utimes(join(dist, '.built'), started, started);
};

/** @returns the folders of the packages that are in the bundle */
const bundle = async (options: BuildOptions): Promise<readonly string[]> => {
  const { outputFiles = [], metafile } = await build(options);
  for (const { path, contents } of outputFiles) {
    await put(path, contents);
    if (programsInContainers.includes(relative(dist, path))) await compileProgram(path);
  }
  return Object.keys(metafile?.inputs ?? {}).flatMap((path) => packageFolder.exec(path)?.[0] ?? []);
};

/** The longest start of a path that is the folder of a package. */
const packageFolder = /^.*node_modules\/(@[^/]+\/)?[^/]+/;

/** Replaces the whole file at once, because another `labs` may be reading it. */
const put = async (path: string, contents: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  await writeFile(temporary, contents);
  await rename(temporary, path);
};

/**
 * Chunks of earlier builds stay for an hour, because a running `labs check --watch` may still import them.
 * `npm pack` packs only the chunks of this build.
 */
const dropOldChunks = async (started: Date): Promise<void> => {
  const packing = process.env.npm_command === 'pack';
  const oldest = packing ? started.getTime() : Date.now() - 3_600_000;
  const folder = join(dist, 'chunks');
  for (const name of existsSync(folder) ? await readdir(folder) : []) {
    const path = join(folder, name);
    if ((await stat(path)).mtimeMs < oldest) await rm(path);
  }
};

/** npm links only the programs of dependencies. This link makes `npx labs` work in the checkout. */
const linkBinary = async (): Promise<void> => {
  const link = join(root, 'node_modules', '.bin', 'labs');
  const target = relative(dirname(link), join(root, 'bin', 'labs.js'));
  if ((await readlink(link).catch(() => undefined)) === target) return;
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(target, link);
};

await main();
