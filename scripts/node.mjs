// Runs a script of this folder with Node 24: in this process if its Node is new enough, else with node_modules' Node.
//   node scripts/node.mjs test.ts --flag
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
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
  handOver(newerNode());
}

/** Runs the script under another Node. Ctrl-C reaches both processes; other signals are passed on. */
function handOver(node) {
  const child = spawn(node, [path, ...argv], { stdio: 'inherit' });
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
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
