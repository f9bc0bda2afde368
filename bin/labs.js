#!/usr/bin/env node
// Starts dist/labs.js under Node 24 or newer. This file itself runs on any Node ≥ 20, and starts the Node of
// node_modules if needed. If this is a clone with a source newer than the bundles, this file bundles first.
import { spawn, spawnSync } from 'node:child_process';
import { constants as access, accessSync, existsSync, readdirSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants, homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist', 'labs.js');
const isClone = existsSync(join(root, 'src'));

if (isClone && isStale()) rebuild();
if (!existsSync(main)) fail(`${main} is missing. ${howToRepair()}`);
if (isNewEnough()) {
  // Only of an installed copy, because each edit in a clone would leave files in the cache.
  module.enableCompileCache(isClone ? undefined : join(cacheFolder(), 'labs', 'compiled'));
  await import(main);
} else {
  handOver(newerNode());
}

/** Runs labs under another Node. Ctrl-C reaches both processes: this process ignores it and waits for the other. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) => fail(`cannot start ${node}: ${message}. ${howToRepair()}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Whether a source or the dependencies changed since the last build. Takes a few milliseconds. */
function isStale() {
  const built = statSync(join(root, 'dist', '.built'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changed = (path) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > built;
  // Three times as fast as the option `recursive` of readdirSync.
  const anyChanged = (folder) =>
    readdirSync(folder, { withFileTypes: true }).some((entry) =>
      entry.isDirectory()
        ? anyChanged(`${folder}/${entry.name}`)
        : entry.name.endsWith('.ts') && changed(`${folder}/${entry.name}`),
    );
  return changed(join(root, 'package-lock.json')) || anyChanged(join(root, 'src'));
}

function rebuild() {
  if (!existsSync(join(root, 'node_modules', 'esbuild')))
    fail(`the packages that labs needs are missing. ${howToRepair()}`);
  if (existsSync(main) && !isWritable(join(root, 'dist')))
    return console.error(
      `labs: the sources in ${root} changed, and you may not write there. This is labs as it was before. ` +
        'The owner of the folder can run `npm run build` there.',
    );
  const node = isNewEnough() ? process.execPath : newerNode();
  const { status } = spawnSync(node, [join(root, 'scripts', 'build.ts')], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0)
    fail('the sources changed, and bundling them failed (see above). Correct the sources, then run `npm run build`.');
}

function isWritable(folder) {
  try {
    accessSync(folder, access.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

/** npm has this Node for Linux only. */
function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    const what = `this is Node ${process.version}, and labs needs Node 24 or newer.`;
    return fail(`${what} ${process.platform === 'linux' ? howToRepair() : 'Install Node 24: https://nodejs.org'}`);
  }
}

function howToRepair() {
  return isClone
    ? `Run \`npm ci\` in ${root}, then try again.`
    : 'Install the package again with npm, with its optional dependencies, then try again.';
}

/** As src/host/cli/environment.ts finds it. */
function cacheFolder() {
  const { XDG_CACHE_HOME, HOME } = process.env;
  return XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(HOME || homedir(), '.cache');
}

function fail(message) {
  console.error(`labs: ${message}`);
  process.exit(3);
}
