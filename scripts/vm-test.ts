// Runs the tests of ipvs mode in a virtual machine, because few kernels have IPVS. scripts/README.md says how.
//
//   node scripts/node.mjs vm-test.ts                  all tests of the project vm; the report goes to out/vm.json
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
import { readTally, root } from './lib/vitest.ts';
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

const testCommand = (files: readonly string[]): string => {
  const vitest = 'node node_modules/vitest/vitest.mjs run --project vm';
  return `${vitest} ${files.join(' ')} --reporter=verbose --reporter=json --outputFile.json=${results}`;
};

const bench = 'node scripts/bench-proxy.ts --backends nft,ipvs --sizes 1000,5000 --parts table --changes 20';

/** @returns undefined to run the tests */
const otherCommand = (): string | undefined => {
  if (argv.shell) return 'bash -l';
  return argv.bench ? bench : (argv.command as string | undefined);
};

const main = async (): Promise<number> => {
  if (process.arch !== 'x64') throw new Error('the virtual machine is for x86-64 only');
  ensurePackages({
    '/usr/bin/qemu-system-x86_64': 'qemu-system-x86',
    '/sbin/mke2fs': 'e2fsprogs',
    '/bin/busybox': 'busybox-static',
  });
  const docker = await connectDocker(process.env);
  const { image } = await imageState(docker, await readImageInputs(root));
  const imageDisk = await ensureImageDisk(docker, image, join(cacheFolder, 'images'));
  await bundlePrograms();
  const other = otherCommand();
  const command = `${environment}\n${other ?? testCommand(argv._)}\n`;
  const timeoutMs = other === undefined ? testTimeoutMs : undefined;
  const code = await runInMachine({ root, imageDisk, cacheFolder, command, take: [results], timeoutMs });
  if (other !== undefined) return code;
  const { passed, failed } = await readTally('vm', join(root, results));
  console.log(`vm: ${passed} passed, ${failed} failed`);
  return code !== 0 || failed > 0 ? 1 : 0;
};

process.exitCode = await main();
process.exit();
