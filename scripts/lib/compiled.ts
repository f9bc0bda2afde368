// Compiles the bundles of the programs in containers, so that these programs start sooner.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('compile-program.ts', import.meta.url));

/** Writes PROGRAM.js.cache. An empty file, if this fails, only costs the time that compiling takes at each start. */
export const compileProgram = async (program: string): Promise<void> => {
  const target = `${program}.cache`;
  const temporary = `${target}.${process.pid}`;
  const compiling = spawn(imageNode(), [child, program, temporary], { stdio: 'ignore' });
  await once(compiling, 'close').catch(() => {});
  await rename(temporary, target).catch(() => writeFile(target, ''));
  await rm(temporary, { force: true });
};

/** V8 takes the code of its own version only. This is the Node that the node image gets, if npm has installed it. */
const imageNode = (): string => {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return process.execPath;
  }
};
