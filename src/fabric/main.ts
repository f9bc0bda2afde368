// The entry point of the fabric's agent. The host starts it with `docker exec -i … node fabric.js agent`.
import { serve } from './agent.ts';
import { createClaim } from './claim.ts';
import { gather } from './facts.ts';
import { createKube, health } from './kube.ts';
import { http, lookup, tcp } from './probe.ts';
import { readMachineFile } from './read-file.ts';
import { createWiring } from './rewire.ts';

const main = async (command: string | undefined): Promise<number> => {
  if (command !== 'agent') {
    process.stderr.write('usage: fabric.js agent\n');
    return 2;
  }
  const claim = createClaim();
  const handlers = {
    hello: async () => ({ version: process.version }),
    ...claim,
    ...createWiring(claim),
    facts: gather,
    http,
    tcp,
    lookup,
    readFile: readMachineFile,
    kube: createKube(),
    health,
  };
  await serve(handlers, process.stdin, process.stdout);
  return 0;
};

main(process.argv[2]).then((code) => process.exit(code));
