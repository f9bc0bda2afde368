#!/usr/bin/env node
// Starts dist/labs.js under Node 24 or newer. This file itself runs on any Node ≥ 20, and starts the Node of
// node_modules if needed. If a source is newer than the bundles, this file bundles first.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}dist/labs.js`;

if (isStale()) rebuild();
if (!existsSync(main)) fail('dist/labs.js is missing. Run `npm ci` or `npm run build` in the clone, then try again.');
if (isNewEnough()) {
  module.enableCompileCache();
  await import(main);
} else {
  handOver(newerNode());
}

/** Runs labs under another Node. Ctrl-C reaches both processes: this process ignores it and waits for the other. */
function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) =>
    fail(`cannot start ${node}: ${message}. Run \`npm ci\` in the clone, then try again.`),
  );
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Whether a source or the dependencies changed since the last build. Takes a few milliseconds. */
function isStale() {
  if (!existsSync(`${root}src`)) return false;
  const built = statSync(`${root}dist/.built`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changed = (path) => statSync(path).mtimeMs > built;
  return (
    changed(`${root}package-lock.json`) ||
    readdirSync(`${root}src`, { recursive: true }).some((name) => name.endsWith('.ts') && changed(`${root}src/${name}`))
  );
}

function rebuild() {
  const node = isNewEnough() ? process.execPath : newerNode();
  const { status } = spawnSync(node, [`${root}scripts/build.ts`], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0)
    fail('the sources changed, and bundling them failed (see above). Correct the sources, then run `npm run build`.');
}

function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return fail(
      `this is Node ${process.version}, and labs needs Node 24 or newer. Run \`npm ci\` in the clone: it installs one.`,
    );
  }
}

function fail(message) {
  console.error(`labs: ${message}`);
  process.exit(3);
}
