// Runs the tests of ipvs mode and netem in a virtual machine: few kernels have both. scripts/README.md says how.
//
//   node scripts/node.mjs vm-test.ts                  all tests of the tier vm; the report goes to out/vm.json
//   node scripts/node.mjs vm-test.ts test/vm/FILE     only these test files
//   node scripts/node.mjs vm-test.ts --command CMD    any command line, in the checkout
//   node scripts/node.mjs vm-test.ts --bench          `bench:proxy` with ipvs and iptables
//   node scripts/node.mjs vm-test.ts --shell          a shell; leaving it, or Ctrl-A x, ends the machine
import { homedir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'zx';
import { connectDocker } from '../src/host/docker/dockerode.ts';
import { imageState, readImageInputs } from '../src/host/image/ensure.ts';
import { ensurePackages } from '../test/support/packages.ts';
import { longFactor } from '../test/support/runs.ts';
import { bundlePrograms, programsFolder } from './lib/programs.ts';
import { testsOf } from './lib/tests.ts';
import { readTally, root } from './lib/vitest.ts';
import { bundleTests, testBundle } from './vm/bundle.ts';
import { ensureImageDisk } from './vm/disks.ts';
import { runInMachine } from './vm/machine.ts';

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'labs', 'vm');
const results = 'out/vm.json';
/** A run takes about nine minutes on an idle machine. Beside other work it takes several times as long. */
const testTimeoutMs = 3_600_000 * longFactor;

/** Without KVM, programs are about ten times slower. So tests use compiled code and wait longer. */
const environment = [
  'export NODE_COMPILE_CACHE=/tmp/compiled TEST_PATIENCE=4',
  `export TEST_COMPONENTS=/work/dist/node TEST_PROGRAMS=/work/${programsFolder}`,
  `export PROXY_MODES=ipvs CI=1 NO_COLOR=1 TEST_VM=1 TEST_LONG=${longFactor}`,
].join('\n');

/** What the tests need besides their bundle: recordings of the original, and programs that they start. */
const partsForTests = [
  ...['test/fixtures', 'test/support/dataplane/prober.pl', 'dist/node'],
  ...[programsFolder, testBundle, `${testBundle}.map`],
];
const partsForCommands = [
  ...['src', 'test', 'scripts', 'dist/node', programsFolder, 'node_modules'],
  ...['package.json', 'tsconfig.json', 'vitest.config.ts'],
];

const bench = 'node scripts/bench-proxy.ts --backends nft,ipvs --sizes 1000,5000 --parts table --changes 20';

/** @param asked paths of test files. Empty: all tests of the machine */
const chosenTests = (asked: readonly string[]): readonly string[] => {
  const all = testsOf('vm');
  const unknown = asked.filter((file) => !all.includes(file));
  if (unknown.length > 0) throw new Error(`not among the virtual machine's tests: ${unknown.join(', ')}`);
  return asked.length > 0 ? asked : all;
};

/** @returns undefined to run the tests */
const otherCommand = (): string | undefined => {
  if (argv.shell) return 'bash -l';
  return argv.bench ? bench : (argv.command as string | undefined);
};

const main = async (): Promise<number> => {
  if (process.arch !== 'x64') throw new Error('the virtual machine is for x86-64 only');
  await ensurePackages({
    '/usr/bin/qemu-system-x86_64': 'qemu-system-x86',
    '/sbin/mke2fs': 'e2fsprogs',
    '/bin/busybox': 'busybox-static',
  });
  const docker = await connectDocker(process.env);
  const { image } = await imageState(docker, await readImageInputs(root));
  const imageDisk = await ensureImageDisk(docker, image, join(cacheFolder, 'images'));
  await bundlePrograms();
  const other = otherCommand();
  if (other === undefined) await bundleTests(chosenTests(argv._), results);
  const command = `${environment}\n${other ?? `node ${testBundle}`}\n`;
  const parts = other === undefined ? partsForTests : partsForCommands;
  const timeoutMs = other === undefined ? testTimeoutMs : undefined;
  const code = await runInMachine({ root, imageDisk, cacheFolder, parts, command, take: [results], timeoutMs });
  if (other !== undefined) return code;
  const { passed, failed } = await readTally('vm', join(root, results));
  console.log(`vm: ${passed} passed, ${failed} failed`);
  return code !== 0 || failed > 0 ? 1 : 0;
};

process.exitCode = await main();
process.exit();
