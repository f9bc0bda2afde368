// The entry point of kube-scheduler: flags, client, loop.
import { createClient } from '../client/client.ts';
import { waitForApiserver } from '../client/ready.ts';
import { describeFlags } from '../component/flag-text.ts';
import { FlagError, type FlagSpecs, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { runScheduler } from './scheduler.ts';

const flagSpecs = {
  kubeconfig: { type: 'string', help: 'Path to kubeconfig file with authorization and master location information.' },
  'leader-elect': { type: 'boolean', default: 'false', help: 'Accepted and unused: there is one replica.' },
  v: { type: 'int', default: '0', help: 'Number for the log level verbosity.' },
  help: { type: 'boolean', default: 'false', short: 'h', help: 'Show this help.' },
} as const satisfies FlagSpecs;

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help) return void process.stdout.write(`${describeFlags(flagSpecs)}\n`);
  if (!flags.kubeconfig) throw new FlagError('--kubeconfig is required');
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'scheduler' });
  logger.info(0, 'Starting Kubernetes Scheduler');
  const client = createClient({ kubeconfig: flags.kubeconfig });
  await waitForApiserver(client, { signal, logger });
  await runScheduler({ client, logger, signal });
};

void runComponent('kube-scheduler', main);
