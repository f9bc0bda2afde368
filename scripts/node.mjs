// Runs a script of this folder with Node 24: in this process if its Node is new enough, else with node_modules' Node.
//   node scripts/node.mjs test.ts --flag
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// `npx labs` in a checkout without `npm ci` also runs `prepare`. A failure there would break npx's cache permanently.
// So this script succeeds, and bin/labs.js tells the user what to do.
const installed = existsSync(fileURLToPath(new URL('../node_modules/esbuild', import.meta.url)));
if (process.env.npm_lifecycle_event === 'prepare' && !installed) process.exit(0);

const [script = '', ...argv] = process.argv.slice(2);
const path = fileURLToPath(new URL(script, import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= 24) {
  process.argv = [process.argv[0], path, ...argv];
  await import(path);
} else {
  const { status } = spawnSync(newerNode(), [path, ...argv], { stdio: 'inherit' });
  process.exit(status ?? 3);
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    console.error(
      `This needs Node 24 or newer, but this is ${process.version}. Run \`npm ci\` with optional dependencies; it installs Node 24.`,
    );
    process.exit(3);
  }
}
