// The entry point of podnet: watches nodes, writes the CNI configuration, and keeps the bridge and the routes between
// nodes.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodePaths } from '../../api/paths.ts';
import { nodes } from '../../api/resources.ts';
import { parseCidr, parseIpv4 } from '../../api/scalars.ts';
import type { Logger } from '../../kit/logger.ts';
import { startReconciler } from '../../kit/reconcile.ts';
import { createClient } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import { FlagError, type FlagSpecs, parseFlags, requiredFlag } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { runComponent } from '../component/run.ts';
import { runOk } from '../sys/exec.ts';
import { readForwarding, readLinks, readNeighbours, readRoutes } from '../sys/iproute.ts';
import { commandsFor, type Observed } from './commands.ts';
import { desiredNetwork, type Mode, modes, type Network, type NetworkOptions, vxlanDevice } from './network.ts';

const flagSpecs = {
  kubeconfig: { type: 'string', default: `${nodePaths.kubernetes}/podnet.conf`, help: 'Path to a kubeconfig file.' },
  'hostname-override': { type: 'string', help: 'The name of this node.' },
  'node-ip': { type: 'string', help: "This node's address on the nodes' network." },
  'cluster-cidr': { type: 'string', help: 'The network of all pods.' },
  mode: { type: 'string', default: 'routes', help: 'How pods on other nodes are reached: routes, vxlan or none.' },
  'cni-conf-dir': { type: 'string', default: nodePaths.cniConfig, help: 'Where the CNI configuration is written.' },
  v: { type: 'int', short: 'v', default: '2', help: 'Number for the log level verbosity.' },
} as const satisfies FlagSpecs;

/** A route or device that somebody deletes is restored within this time. A check costs two small reads. */
const resyncMs = 2000;

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  const { mode } = flags;
  if (!isMode(mode)) throw new FlagError(`--mode must be routes, vxlan or none, not "${mode}"`);
  const options: NetworkOptions = {
    nodeName: requiredFlag(flags, 'hostname-override'),
    nodeIp: parseIpv4(requiredFlag(flags, 'node-ip')),
    clusterCidr: parseCidr(requiredFlag(flags, 'cluster-cidr')),
    mode,
  };
  const logger = createKlog({ verbosity: flags.v ?? 0, source: 'podnet' });
  const client = createClient({ kubeconfig: flags.kubeconfig ?? '' });
  const informer = createInformer(client, nodes, { logger, signal });
  const conflistFile = join(flags['cni-conf-dir'] ?? '', '10-labs.conflist');
  const loop = startReconciler({
    sync: async () => {
      const wanted = desiredNetwork(informer.items.values(), options);
      if (!wanted) return;
      await apply(wanted, options, logger);
      await publish(conflistFile, wanted.conflist, logger);
    },
    onError: (error, retryInMs) => logger.error('Setting up the pod network failed', error, { retryInMs }),
    signal,
    maxIntervalMs: resyncMs,
    maxBackoffMs: resyncMs,
  });
  informer.onChange(loop.trigger);
  logger.info(0, 'Started podnet', { node: options.nodeName, mode });
  await loop.stopped;
};

const isMode = (mode: string | undefined): mode is Mode => modes.some((known) => known === mode);

const apply = async (wanted: Network, { clusterCidr }: NetworkOptions, logger: Logger): Promise<void> => {
  for (const command of commandsFor(wanted, await observe(wanted), clusterCidr)) {
    logger.info(2, 'Changing the network', { command: command.join(' ') });
    await runOk(command);
  }
};

const observe = async ({ vxlan }: Network): Promise<Observed> => {
  const [links, routes] = await Promise.all([readLinks(), readRoutes()]);
  const overlay = vxlan !== undefined && links.includes(vxlanDevice);
  return {
    links,
    routes,
    neighbours: overlay ? await readNeighbours(vxlanDevice) : new Map(),
    forwarding: overlay ? await readForwarding(vxlanDevice) : new Map(),
  };
};

/** Writes a new file and renames it, because the kubelet must never read half a file. */
const publish = async (file: string, content: string, logger: Logger): Promise<void> => {
  if ((await readFile(file, 'utf8').catch(() => '')) === content) return;
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
  logger.info(0, 'Wrote the CNI configuration', { file });
};

void runComponent('podnet', main);
