// Runs a program with the code that V8 compiled when labs was built: `node start.js PROGRAM.js ARGS…`. To compile the
// program again would take most of its start. The program sees the arguments that Node would give it.
import { readFileSync } from 'node:fs';
import { codeHeader, openProgram, runProgram } from './program.ts';

const main = (file: string): void => {
  process.argv.splice(1, 2, file);
  runProgram(openProgram(file, compiledCode(`${file}.cache`)), file);
};

/** @returns undefined if there is none, or if it is that of another Node */
const compiledCode = (file: string): Buffer | undefined => {
  try {
    const content = readFileSync(file);
    return content.toString('latin1', 0, codeHeader.length) === codeHeader
      ? content.subarray(codeHeader.length)
      : undefined;
  } catch {
    return undefined;
  }
};

main(process.argv[2] ?? '');
