// The entry point of the fabric's agent. The host starts it with `docker exec -i … node fabric.js agent`.
import { serve } from './agent.ts';
import { createClaim } from './claim.ts';
import { createDataplane } from './dataplane.ts';
import { createFacts } from './facts.ts';
import { createKernelTrace } from './kernel-trace.ts';
import { createKube, health } from './kube.ts';
import { pin } from './pins.ts';
import { createProbes } from './probe.ts';
import { createProcessTable } from './processes.ts';
import { readMachineFile } from './read-file.ts';
import { createWiring } from './rewire.ts';
import { createRestore, systemctlIn } from './units.ts';
import { createWatch } from './watch.ts';

const main = async (command: string | undefined): Promise<number> => {
  if (command !== 'agent') {
    process.stderr.write('usage: fabric.js agent\n');
    return 2;
  }
  const claim = createClaim();
  const processes = createProcessTable();
  const kube = createKube();
  const handlers = {
    hello: async () => ({ version: process.version }),
    ...claim,
    ...createWiring({ ...claim, pin }),
    facts: createFacts(processes),
    dataplane: createDataplane(processes),
    kernelTrace: createKernelTrace(processes),
    ...createProbes(processes),
    readFile: readMachineFile,
    restoreRules: createRestore(processes),
    systemctl: systemctlIn,
    kube: kube.get,
    ...createWatch({ kube }),
    health,
  };
  await serve(handlers, process.stdin, process.stdout);
  return 0;
};

main(process.argv[2]).then((code) => process.exit(code));
