#!/usr/bin/env node
// Starts the CLI under Node 24: this file itself runs on any Node ≥ 20 and hands over where that one is too old.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/labs.js', import.meta.url));

if (!existsSync(main)) {
  console.error('labs: not built yet. Run `npm ci` (or `npm run build`) in the checkout, then try again.');
  process.exit(3);
}
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else {
  const { status, signal } = spawnSync(newerNode(), [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(signal ? 130 : (status ?? 3));
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    console.error(
      `labs: needs Node 24 or newer, this is ${process.version}. Run \`npm ci\` in the checkout, which brings one.`,
    );
    process.exit(3);
  }
}
