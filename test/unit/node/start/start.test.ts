// Starts programs with compiled code, and with code that does not fit.
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { execa } from 'execa';
import { beforeAll, expect, test } from 'vitest';
import { compileProgram } from '../../../../scripts/lib/compiled.ts';
import { codeHeader, openProgram } from '../../../../src/node/start/program.ts';

const source = `#!/usr/bin/env node
const own = (() => 'a function that V8 compiles when it is called')();
console.log(JSON.stringify([process.argv.slice(1), __filename, __dirname, typeof require('node:os').cpus, own]));
`;

let starter = '';
beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../../../src/node/start/main.ts', import.meta.url));
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, write: false },
    ...{ format: 'cjs', platform: 'node' },
  });
  starter = outputFiles[0]?.text ?? '';
});

const inFolder = async (work: (program: string, run: () => Promise<unknown>) => Promise<void>): Promise<void> => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'labs-start-'));
  const start = join(folder.path, 'start.js');
  const program = join(folder.path, 'program.js');
  await writeFile(start, starter);
  await writeFile(program, source);
  await work(program, async () => JSON.parse((await execa(process.execPath, [start, program, '-v=2'])).stdout));
};

const wantedOf = (program: string): readonly unknown[] => [
  [program, '-v=2'],
  program,
  program.replace('/program.js', ''),
  'function',
  'a function that V8 compiles when it is called',
];

test('a program runs as Node would run it, with compiled code and without', () =>
  inFolder(async (program, run) => {
    expect(await run()).toEqual(wantedOf(program));
    await compileProgram(program);
    expect(await run()).toEqual(wantedOf(program));
  }));

test('V8 takes the code that the build has compiled', () =>
  inFolder(async (program) => {
    await compileProgram(program);
    const compiled = await readFile(`${program}.cache`);
    expect(compiled.toString('latin1', 0, codeHeader.length)).toBe(codeHeader);
    expect(openProgram(program, compiled.subarray(codeHeader.length)).cachedDataRejected).toBe(false);
  }));

test.each([
  ['of another Node', () => 'v1.2.3 x64\nnothing'],
  ['that is damaged', () => `${codeHeader}nothing`],
  ['that is empty', () => ''],
])('a program does not need code %s', (_, content) =>
  inFolder(async (program, run) => {
    await writeFile(`${program}.cache`, content());
    expect(await run()).toEqual(wantedOf(program));
  }),
);
