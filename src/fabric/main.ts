// The entry point of the fabric's agent. The host starts it with `docker exec -i … node fabric.js agent`; `shared NAME`
// is one agent for several.
import { nodePaths } from '../api/paths.ts';
import { nameFailures, serve } from './agent.ts';
import { createApiServerCheck } from './api-server.ts';
import { createBoot } from './boot.ts';
import { createJournal } from './change-journal.ts';
import { createClaim } from './claim.ts';
import { createDataplane } from './dataplane.ts';
import { createFacts } from './facts.ts';
import { readJournal } from './journal.ts';
import { createKernelTrace } from './kernel-trace.ts';
import { createKube, health } from './kube.ts';
import { pin } from './pins.ts';
import { createPlug } from './plug.ts';
import { createProbes } from './probe.ts';
import { createProcessTable } from './processes.ts';
import { readMachineFile } from './read-file.ts';
import { createWiring } from './rewire.ts';
import { createSeries } from './series.ts';
import { shareAnswers } from './share.ts';
import { serveShared } from './shared-agent.ts';
import { createSysctl } from './sysctls.ts';
import { createTwin } from './twin.ts';
import { createRestore, systemctlIn } from './units.ts';
import { createWatch } from './watch.ts';

const main = async ([command, socket]: readonly string[]): Promise<number> => {
  if (command !== 'agent' && (command !== 'shared' || socket === undefined)) {
    process.stderr.write('usage: fabric.js agent | fabric.js shared NAME\n');
    return 2;
  }
  const claim = createClaim();
  const journal = createJournal();
  const processes = createProcessTable();
  const kube = createKube(nodePaths.adminConfig, createApiServerCheck(processes));
  const watch = createWatch({ kube });
  const handlers = {
    hello: async () => ({ version: process.version }),
    ...claim,
    beginChange: journal.beginChange,
    leftChange: journal.leftChange,
    endChange: journal.endChange,
    changeState: journal.changeState,
    ...createBoot(claim),
    ...createWiring({ ...claim, pin }),
    facts: createFacts(processes),
    dataplane: createDataplane(processes),
    twin: createTwin(kube),
    kernelTrace: createKernelTrace(processes),
    ...createProbes(processes),
    series: createSeries(processes),
    sysctl: createSysctl(processes),
    readFile: readMachineFile,
    journal: readJournal,
    restoreRules: createRestore(processes),
    systemctl: systemctlIn,
    plug: createPlug(),
    kube: kube.get,
    changes: watch.changes,
    health,
  };
  if (socket === undefined) await serve(handlers, process.stdin, process.stdout);
  else if (!(await serveShared(shareAnswers(handlers, watch.version), socket))) return 3;
  return 0;
};

const fail = nameFailures(process, (line) => process.stderr.write(line));
main(process.argv.slice(2)).then((code) => process.exit(code), fail);
