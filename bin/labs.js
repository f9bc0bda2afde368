#!/usr/bin/env node
// Starts the CLI under Node 24: this file itself runs on any Node ≥ 20 and hands over where that one is too old.
// After an edit it first bundles anew, so that what starts is what stands in src/.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}dist/labs.js`;

if (isStale()) rebuild();
if (!existsSync(main)) fail('not built yet. Run `npm ci` (or `npm run build`) in the checkout, then try again.');
if (isNewEnough()) {
  module.enableCompileCache();
  await import(main);
} else {
  handOver(newerNode());
}

/** Waits for the newer Node's end. Ctrl-C reaches that one by itself; this one must outlive its cleaning up. */
function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', ({ message }) => fail(`cannot start ${node}: ${message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Whether a source or the set of dependencies changed since the last build. A few milliseconds. */
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
  if (status !== 0) fail('the sources changed, and bundling them anew failed. See above; `npm run build` repeats it.');
}

function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return fail(
      `needs Node 24 or newer, this is ${process.version}. Run \`npm ci\` in the checkout, which brings one.`,
    );
  }
}

function fail(message) {
  console.error(`labs: ${message}`);
  process.exit(3);
}
