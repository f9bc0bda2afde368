// The entry point of lb-speaker: watches services, endpoints and nodes, and announces the addresses that are this
// node's.
import { nodePaths } from '../../api/paths.ts';
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import { parseCidr } from '../../api/scalars.ts';
import type { Logger } from '../../kit/logger.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import { createClient } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import { type FlagSpecs, parseFlags, requiredFlag } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { run, runOk } from '../sys/exec.ts';
import { listAddresses } from '../sys/iproute.ts';
import { announcement, commandsFor } from './commands.ts';
import { ownersOf } from './owner.ts';

const flagSpecs = {
  kubeconfig: {
    type: 'string',
    default: `${nodePaths.kubernetes}/lb-speaker.conf`,
    help: 'Path to a kubeconfig file.',
  },
  'hostname-override': { type: 'string', help: 'The name of this node.' },
  'load-balancer-cidr': { type: 'string', help: 'The addresses of services of the type LoadBalancer.' },
  interface: { type: 'string', default: 'eth0', help: 'The link to the network of the clients.' },
  v: { type: 'int', short: 'v', default: '2', help: 'Number for the log level verbosity.' },
} as const satisfies FlagSpecs;

/** An address that somebody deletes is restored within this time. */
const resyncMs = 5000;

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  const node = requiredFlag(flags, 'hostname-override');
  const range = parseCidr(requiredFlag(flags, 'load-balancer-cidr'));
  const link = requiredFlag(flags, 'interface');
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'lb-speaker' });
  const client = createClient({ kubeconfig: flags.kubeconfig ?? '' });
  const known = {
    services: createInformer(client, services, { logger, signal }),
    slices: createInformer(client, endpointSlices, { logger, signal }),
    nodes: createInformer(client, nodes, { logger, signal }),
  };
  const loop = startReconciler({
    sync: async () => {
      const state = {
        services: known.services.items.values(),
        slices: known.slices.items.values(),
        nodes: known.nodes.items.values(),
      };
      const { changes, taken } = commandsFor(
        { node, owners: ownersOf(state, range), link, range },
        listAddresses('IPv4'),
      );
      for (const command of changes) {
        logger.info(0, 'Changing addresses', { command: command.join(' ') });
        await runOk(command);
      }
      for (const address of taken) void announce(address, link, { logger, signal });
    },
    onError: (error, retryInMs) => logger.error('Announcing addresses failed', error, { retryInMs }),
    signal,
    maxIntervalMs: resyncMs,
    maxBackoffMs: resyncMs,
  });
  logger.info(0, 'Started lb-speaker', { node, range, interface: link });
  const informers = Object.values(known);
  // A list that has not arrived yet would look like a cluster without services.
  await Promise.all(informers.map(({ synced }) => synced));
  for (const informer of informers) informer.onChange(loop.trigger);
  loop.trigger();
  await loop.stopped;
};

/** The address works without it: neighbours then learn of the new node when their entries are no longer confirmed. */
const announce = async (
  address: string,
  link: string,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> => {
  try {
    const { code, stderr } = await run(announcement(address, link), { signal });
    if (code === 0) logger.info(0, 'Announced', { address, interface: link });
    else logger.info(0, 'Announcing to neighbours failed', { address, err: stderr.trim() });
  } catch (error) {
    if (!signal.aborted) logger.error('Announcing to neighbours failed', error, { address });
  }
};

void runComponent('lb-speaker', main);
