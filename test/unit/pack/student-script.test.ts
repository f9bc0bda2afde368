import { expect, test } from 'vitest';
import { readScript } from '../../../src/host/pack/student-script.ts';

const source = `// The fault: a wrong port.
import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { onlyForSolve } from './answers.ts';
import { both } from './pods.ts';

export const setup: SetupScript = async (lab) => {
  await both(lab);
};

/** The right port is 4711. */
const secret: number = 4711;

// Nobody else needs this.
function helper(): number {
  return secret + onlyForSolve;
}

/** Mends it. */
export const solve: SolveScript = async (lab) => {
  await both(lab);
  await lab.answer('port', String(helper()));
};

export const clear: SetupScript = async (lab) => shared(lab);

const shared = async (lab: unknown): Promise<void> => void lab;
`;

test('a script without its solution has nothing that only the solution needs', () => {
  const { source: left, exports, imports } = readScript(source, ['solve']);
  expect(exports).toEqual(['setup', 'clear']);
  expect(imports).toEqual(['./pods.ts']);
  expect(left).not.toMatch(/4711|secret|helper|onlyForSolve|Mends it|Nobody else/);
  expect(left).toMatch(/^\/\/ The fault: a wrong port\.\nimport type/);
  expect(left).toContain('const shared = async (lab: unknown)');
});

test('a script with nothing to take out stays as it is', () => {
  expect(readScript(source)).toMatchObject({ source, exports: ['setup', 'solve', 'clear'] });
});

test.each([
  ['a list of exports', 'const solve = 1;\nconst setup = 2;\nexport { setup };\n', ['setup'], /solve/],
  ['a function', 'export async function solve() {}\nexport function setup() {}\n', ['setup'], /solve/],
  ['several names at once', 'export const solve = 1, setup = 2;\n', ['solve', 'setup'], /nothing/],
  [
    'a statement with an effect, which stays',
    "import './x.ts';\nsolveAll();\nexport const solve = 1;\n",
    [],
    /const solve/,
  ],
])('of %s', (_, text, exports, gone) => {
  const script = readScript(text, ['solve']);
  expect(script.exports).toEqual(exports);
  expect(script.source).not.toMatch(gone);
});

test('a script that is no TypeScript is refused', () => {
  expect(() => readScript('export const =')).toThrow(SyntaxError);
});
