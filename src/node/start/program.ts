// A program as a script of V8, with or without code that was compiled before.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';

/** V8 refuses code of another V8 or of other flags, and compiles the program then. */
export const openProgram = (file: string, code?: Buffer): Script =>
  new Script(wrapped(readFileSync(file, 'latin1')), {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(code ? { cachedData: code } : {}),
  });

/** As Node does it with a file of CommonJS. Bundles have ASCII letters only. */
const wrapped = (text: string): string =>
  `(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!/, '//')}\n})`;

export const runProgram = (script: Script, file: string): void => {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
};

/** The first line of a file of compiled code. V8 does not compare processors. */
export const codeHeader = `${process.version} ${process.arch}\n`;
