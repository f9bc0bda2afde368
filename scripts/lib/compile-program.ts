// Runs in a process of its own: `node compile-program.ts PROGRAM.js TARGET`. Runs the program with `--help`, and writes
// the code that V8 has compiled until the program ends.
import { writeFileSync } from 'node:fs';
import { codeHeader, openProgram, runProgram } from '../../src/node/start/program.ts';

const [file = '', target = ''] = process.argv.slice(2);
const script = openProgram(file);
process.on('exit', () => writeFileSync(target, Buffer.concat([Buffer.from(codeHeader), script.createCachedData()])));
process.argv.splice(1, 3, file, '--help');
runProgram(script, file);
