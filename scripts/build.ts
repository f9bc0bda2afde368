// Bundles the CLI, the components of nodes and the fabric's agent into dist/, and links `labs` so that npx finds it.
// Runs as `prepare` on `npm ci`, and from bin/labs.js when a source is newer than the bundles.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** Folder in src/node → name of the bundle, which is the name of the original program. */
const components: Readonly<Record<string, string>> = {
  apiserver: 'kube-apiserver',
  controllers: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
  kubelet: 'kubelet',
  proxy: 'kube-proxy',
  podnet: 'podnet',
  dns: 'cluster-dns',
};

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  charset: 'utf8',
  write: false,
  logLevel: 'warning',
  legalComments: 'none',
};

/** One self-contained file each, because nodes have no node_modules. CommonJS starts faster than ES modules. */
const insideContainers = (entryPoints: Record<string, string>): BuildOptions => ({
  ...common,
  entryPoints,
  outdir: 'dist',
  format: 'cjs',
  // Node keeps source text in memory, so whitespace costs. Names stay, because stack traces need them.
  minifyWhitespace: true,
  minifySyntax: true,
  // Optional native packages of ws.
  external: ['bufferutil', 'utf-8-validate'],
});

/** kube-proxy also runs in ordinary clusters, with the Node that is installed there. */
const outsideLabs: BuildOptions = { target: 'node22', banner: { js: '#!/usr/bin/env node' } };

/** Split into chunks, so that `labs --help` does not load the code of `labs start`. Packages stay in node_modules. */
const onTheHost: BuildOptions = {
  ...common,
  entryPoints: { labs: 'src/host/cli/main.ts' },
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  packages: 'external',
};

const main = async (): Promise<void> => {
  const started = new Date();
  const bundles = Object.entries(components).map(([folder, program]) => ({
    ...insideContainers({ [`node/${program}`]: `src/node/${folder}/main.ts` }),
    ...(program === 'kube-proxy' ? outsideLabs : {}),
  }));
  // Each bundle has its own build, so that an error in one bundle does not prevent the others.
  const builds = [...bundles, insideContainers({ fabric: 'src/fabric/main.ts' }), onTheHost];
  const results = await Promise.allSettled(builds.map(bundle));
  await put(join(dist, 'node', 'package.json'), '{"type":"commonjs"}\n');
  await dropOldChunks();
  await linkBinary();
  // esbuild has printed the errors.
  if (results.some((result) => result.status === 'rejected')) process.exit(1);
  // The time when the build started: sources that changed during the build are then newer.
  await put(join(dist, '.built'), '');
  await utimes(join(dist, '.built'), started, started);
};

const bundle = async (options: BuildOptions): Promise<void> => {
  for (const { path, contents } of (await build(options)).outputFiles ?? []) await put(path, contents);
};

/** Replaces the whole file at once, because another `labs` may be reading it. */
const put = async (path: string, contents: string | Uint8Array): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  await writeFile(temporary, contents);
  await rename(temporary, path);
};

/** Chunks of earlier builds stay for an hour, because a running `labs check --watch` may still import them. */
const dropOldChunks = async (): Promise<void> => {
  const folder = join(dist, 'chunks');
  for (const name of existsSync(folder) ? await readdir(folder) : []) {
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > 3_600_000) await rm(path);
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
