// `npm run check`: checks types, style and unit tests. Needs neither root nor Docker.
import { $, chalk } from 'zx';
import { type StepResult, step } from './lib/steps.ts';
import { root, runProject } from './lib/vitest.ts';

const run = $({ cwd: root, stdio: 'inherit' });
const bin = `${root}node_modules`;

const results: StepResult[] = [
  await step(
    'types',
    () =>
      run`${process.execPath} ${bin}/typescript/bin/tsc --noEmit --incremental --tsBuildInfoFile ${root}out/types.tsbuildinfo -p .`,
  ),
  await step('style', () => run`${process.execPath} ${bin}/@biomejs/biome/bin/biome check --error-on-warnings .`),
  await step('unit tests', async () => {
    const { passed, failed } = await runProject('unit');
    if (failed > 0) throw new Error(`${passed} passed, ${failed} failed`);
  }),
];

const failures = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failures.length === 0 ? chalk.green('\nAll checks pass.') : chalk.red(`\nFailed: ${failures.join(', ')}`));
process.exitCode = failures.length === 0 ? 0 : 1;
