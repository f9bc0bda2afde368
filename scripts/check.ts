// `npm run check`: checks types, style and unit tests. Needs neither root nor Docker.
import { $, chalk } from 'zx';
import { type StepResult, step } from './lib/steps.ts';
import { root, runProject } from './lib/vitest.ts';

const bin = `${root}node_modules`;

/** Runs a program of node_modules. @throws Error with its output when it fails */
const check = async (...argv: string[]): Promise<void> => {
  const { exitCode, stdout, stderr } = await $({ cwd: root, nothrow: true, quiet: true })`${process.execPath} ${argv}`;
  if (exitCode !== 0) throw new Error(`\n${stdout}${stderr}`);
};

const buildInfo = ['--incremental', '--tsBuildInfoFile', `${root}out/types.tsbuildinfo`];

/** Side by side, because the compiler uses one processor only. */
const results: StepResult[] = await Promise.all([
  step('types', () => check(`${bin}/typescript/bin/tsc`, '--noEmit', ...buildInfo, '-p', '.')),
  step('style', () => check(`${bin}/@biomejs/biome/bin/biome`, 'check', '--error-on-warnings', '.')),
  step('unit tests', async () => {
    const { passed, failed } = await runProject('unit');
    if (failed > 0) throw new Error(`${passed} passed, ${failed} failed`);
  }),
]);

const failures = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failures.length === 0 ? chalk.green('\nAll checks pass.') : chalk.red(`\nFailed: ${failures.join(', ')}`));
process.exitCode = failures.length === 0 ? 0 : 1;
