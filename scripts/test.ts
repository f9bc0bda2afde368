// `npm test`: builds, sets up the machine, runs all tests. Its last line is `N passed, N failed`.
// With `--long`, which is `npm run test:long`: random tests with ten times as many cases, and more repetitions.
import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { $, argv, chalk } from 'zx';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { imageState, readImageInputs } from '../src/host/image/ensure.ts';
import { longTests } from './lib/long.ts';
import { bundlePrograms, programsFolder } from './lib/programs.ts';
import { type StepResult, step } from './lib/steps.ts';
import { testsOf } from './lib/tests.ts';
import { mergeTallies, type RunOptions, readTally, root, runProject, runReported, type Tally } from './lib/vitest.ts';

const isRoot = process.getuid?.() === 0;
const isLong = argv.long === true;
const longFactor = '10';
const node = process.execPath;
const run = $({ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) throw new Error(`This is Node ${process.version}. Tests need Node 24 or newer: run \`npm ci\` first.`);

const main = async (): Promise<void> => {
  console.log(`Node ${process.versions.node}${isRoot ? ', as root' : ''}`);
  if (isLong) process.env.TEST_LONG ??= longFactor;
  const steps: StepResult[] = [await step('build', () => run`${node} scripts/build.ts`)];
  const tallies: Tally[] = [];

  if (isLong) tallies.push(await runProject('unit', { files: longTests('unit') }));
  else await check(steps, tallies);

  const setup = await step('set-up', () => run`${node} bin/labs.js setup --yes`);
  steps.push(setup);
  if (setup.ok) steps.push(await step('kubectl for the contract tests', takeKubectl));
  steps.push(await step('programs for the contract tests', bundlePrograms));
  process.env.TEST_PROGRAMS = `${root}${programsFolder}`;
  // Bundles start in half the time of the sources, and labs run this bundle.
  process.env.TEST_COMPONENTS = `${root}dist/node`;
  if (!setup.ok) console.log(chalk.red('The set-up failed. The end-to-end tests and the virtual machine need it.'));
  tallies.push(...(await sideBySide(setup.ok)));
  steps.push(await step('nothing is left behind', removeLeftovers));
  summarise(steps, tallies);
};

/** Runs `npm run check`. Counts its unit tests one by one, and the step itself only if another part failed. */
const check = async (steps: StepResult[], tallies: Tally[]): Promise<void> => {
  const result = await step('check', () => run`${node} scripts/check.ts`);
  const unit = await readTally('unit', `${root}out/unit.json`);
  tallies.push(unit);
  if (!result.ok && unit.failed === 0) steps.push(result);
};

const tools = `${root}out/tools`;

/** Takes kubectl from the node image, so that the API server is tested with the version that labs use. */
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

/**
 * Runs the contract tests beside the virtual machine, and then the end-to-end tests, a file at a time. The virtual
 * machine keeps one processor busy, so there are two runs at a time while it works, and three after it: tests often
 * wait.
 * @param labs labs can be started on this machine
 */
const sideBySide = async (labs: boolean): Promise<Tally[]> => {
  const files = labs ? labTests() : [];
  const rest = async (): Promise<Tally[]> => {
    const tallies: Tally[] = [];
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      tallies.push(
        await runProject('e2e', { beside: true, files: [file], report: `e2e-${basename(file, '.test.ts')}` }),
      );
    }
    return tallies;
  };
  const contract = async (): Promise<Tally[]> => [await contractTests(), ...(await rest())];
  const machine = async (): Promise<Tally[]> => {
    const tally = await machineTests();
    return [tally, ...(await Promise.all([rest(), rest()])).flat()];
  };
  return mergeTallies((await Promise.all([contract(), ...(labs ? [machine()] : [])])).flat());
};

/**
 * Large files first, because they take longest, and no place should wait for the other in the end. The catalogue starts
 * every lab.
 */
const labTests = (): string[] => {
  const size = (file: string): number =>
    basename(file) === 'catalogue.test.ts' ? Number.POSITIVE_INFINITY : statSync(`${root}${file}`).size;
  return (isLong ? longTests('e2e') : testsOf('e2e')).sort((one, other) => size(other) - size(one));
};

/** Runs the contract tests as root, because they create network namespaces. */
const contractTests = async (): Promise<Tally> => {
  const options: RunOptions = { beside: true, ...(isLong ? { files: longTests('contract') } : {}) };
  if (isRoot) return runProject('contract', options);
  const sudo = await $({ nothrow: true, quiet: true })`sudo -n true`;
  if (sudo.exitCode === 0) {
    const variables = [
      `PATH=${process.env.PATH}`,
      `TEST_LONG=${process.env.TEST_LONG ?? 1}`,
      `TEST_PROGRAMS=${process.env.TEST_PROGRAMS}`,
      `TEST_COMPONENTS=${process.env.TEST_COMPONENTS}`,
    ];
    return runProject('contract', { ...options, before: ['sudo', '-n', ...variables] });
  }
  console.log(chalk.red('The contract tests need root: run `sudo npm test`, or allow sudo without a password.'));
  const why = 'they need root, and sudo asks for a password';
  return { project: 'contract', passed: 0, failed: 1, failures: [why], skipped: [] };
};

/** Runs the tests of ipvs mode in the virtual machine, because few kernels have IPVS. */
const machineTests = async (): Promise<Tally> => {
  if (process.arch === 'x64') {
    const files = isLong ? longTests('vm') : [];
    return runReported('vm', [node, `${root}scripts/vm-test.ts`, ...files], { beside: true });
  }
  const why = 'tests of ipvs mode, whose virtual machine is for x86-64 only';
  return { project: 'vm', passed: 0, failed: 0, failures: [], skipped: [why] };
};

/** Deletes labs named `test-…` or `e2e-…`, which only tests use. Fails if there was one: a test left it behind. */
const removeLeftovers = async (): Promise<void> => {
  const list = await $({ cwd: root, quiet: true })`${node} bin/labs.js list --json`;
  const { running = [] } = JSON.parse(list.stdout) as { running?: { name: string }[] };
  const left = running.map(({ name }) => name).filter((name) => /^(test|e2e)-/.test(name));
  for (const name of left) await run`${node} bin/labs.js delete ${name} --yes`;
  if (left.length > 0) throw new Error(`tests left these labs behind: ${left.join(', ')}`);
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
