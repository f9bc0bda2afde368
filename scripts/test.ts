// `npm test`: from a fresh checkout to one line, `N passed, N failed`. Installs what is missing (Docker, the node image).
import { mkdir } from 'node:fs/promises';
import { $, chalk } from 'zx';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { imageState, readImageInputs } from '../src/host/image/ensure.ts';
import { type StepResult, step } from './lib/steps.ts';
import { readTally, root, runProject, runReported, type Tally } from './lib/vitest.ts';

const isRoot = process.getuid?.() === 0;
const node = process.execPath;
const run = $({ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) throw new Error(`Node ${process.version} runs this; it must be 24 or newer. Run \`npm ci\` first.`);

/** The whole way, in order. Each returns what it counted. */
const main = async (): Promise<void> => {
  console.log(`Node ${process.versions.node}${isRoot ? ', as root' : ''}`);
  const steps: StepResult[] = [];
  const tallies: Tally[] = [];

  steps.push(await step('build', () => run`${node} scripts/build.ts`));
  const check = await step('check', () => run`${node} scripts/check.ts`);
  tallies.push(await readTally('unit', `${root}out/unit.json`));
  // The unit tests are counted one by one; the step counts only if something else of it failed.
  if (!check.ok && tallies.every(({ failed }) => failed === 0)) steps.push(check);

  const setup = await step('set-up', () => run`${node} bin/labs.js setup --yes`);
  steps.push(setup);
  if (setup.ok) steps.push(await step('kubectl for the contract tests', takeKubectl));
  tallies.push(await contractTests());
  if (setup.ok) tallies.push(...(await machineTests()), await runProject('e2e'));
  else console.log(chalk.red('The end-to-end tests need the set-up, which failed.'));
  steps.push(await step('nothing is left behind', removeLeftovers));
  summarise(steps, tallies);
};

const tools = `${root}out/tools`;

/** The one of the node image: the API server is tested with it, and this machine may have none, or an old one. */
const takeKubectl = async (): Promise<void> => {
  const docker = await connectDocker(process.env);
  const { image } = await imageState(docker, await readImageInputs(root));
  const container = await docker.create({ name: `test-kubectl-${process.pid}`, image, network: 'none' });
  try {
    await mkdir(tools, { recursive: true });
    const archive = await docker.getArchive(container, '/usr/bin/kubectl');
    await $({ input: archive })`tar -x -C ${tools}`;
  } finally {
    await docker.remove(container);
  }
  process.env.PATH = `${tools}:${process.env.PATH}`;
};

/** They make network namespaces, which takes root. */
const contractTests = async (): Promise<Tally> => {
  if (isRoot) return runProject('contract');
  const sudo = await $({ nothrow: true, quiet: true })`sudo -n true`;
  if (sudo.exitCode === 0) return runProject('contract', ['sudo', '-n', `PATH=${process.env.PATH}`]);
  console.log(chalk.red('The contract tests need root: run `sudo npm test`, or allow sudo without a password.'));
  const why = 'they need root, and sudo asks for a password';
  return { project: 'contract', passed: 0, failed: 1, failures: [why], skipped: [] };
};

/** Of ipvs mode, for which few machines' own kernels will do. */
const machineTests = async (): Promise<Tally[]> => {
  if (process.arch === 'x64') return [await runReported('vm', [node, `${root}scripts/vm-test.ts`])];
  const why = 'ipvs mode, whose virtual machine is for x86-64 only';
  return [{ project: 'vm', passed: 0, failed: 0, failures: [], skipped: [why] }];
};

/** Instances of tests are named `test-…` or `e2e-…`; one that is still there was left by a test that failed to clean up. */
const removeLeftovers = async (): Promise<void> => {
  const list = await $({ cwd: root, quiet: true })`${node} bin/labs.js list --json`;
  const { running = [] } = JSON.parse(list.stdout) as { running?: { name: string }[] };
  const left = running.map(({ name }) => name).filter((name) => /^(test|e2e)-/.test(name));
  for (const name of left) await run`${node} bin/labs.js delete ${name} --yes`;
  if (left.length > 0) throw new Error(`tests left ${left.join(', ')} behind`);
};

const summarise = (steps: readonly StepResult[], tallies: readonly Tally[]): void => {
  const titles = (kind: 'failures' | 'skipped'): string[] =>
    tallies.flatMap((tally) => tally[kind].map((title) => `${tally.project}: ${title}`));
  const [failures, skipped] = [titles('failures'), titles('skipped')];
  const brokenSteps = steps.filter(({ ok }) => !ok);
  const passed = tallies.reduce((sum, each) => sum + each.passed, 0);
  const failed = tallies.reduce((sum, each) => sum + each.failed, 0) + brokenSteps.length;
  console.log('');
  for (const each of tallies) console.log(`${each.project}: ${each.passed} passed, ${each.failed} failed`);
  for (const { name } of brokenSteps) console.log(chalk.red(`failed step: ${name}`));
  if (failures.length > 0) console.log(chalk.red(`${failures.length} failed:\n  ${failures.join('\n  ')}`));
  if (skipped.length > 0) console.log(chalk.yellow(`${skipped.length} skipped:\n  ${skipped.join('\n  ')}`));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
};

await main();
