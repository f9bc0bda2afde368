// The entry point of cluster-dns: watches services and endpoints, answers for cluster.local, keeps the service
// kube-dns.
import { createServer, type Server } from 'node:http';
import type { Packet } from 'dns-packet';
import { endpointSlices, endpoints, namespaces, services } from '../../api/resources.ts';
import { messageOf } from '../../kit/error.ts';
import { done, eventually } from '../../kit/eventually.ts';
import type { Logger } from '../../kit/logger.ts';
import { createClient } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import { waitForApiserver } from '../client/ready.ts';
import type { Client } from '../client/types.ts';
import { describeFlags } from '../component/flag-text.ts';
import { FlagError, type FlagSpecs, parseFlags } from '../component/flags.ts';
import { createKlog } from '../component/klog.ts';
import { renderMetrics, type Sample } from '../component/metrics.ts';
import { runComponent } from '../component/run.ts';
import { rcodeOf, respond } from './answer.ts';
import { type Informers, keepService } from './keep.ts';
import { startDnsServer } from './server.ts';
import type { OwnAddress } from './service.ts';
import { buildZone, type Zone } from './zone.ts';

const flagSpecs = {
  kubeconfig: { type: 'string', help: 'Path to kubeconfig file with authorization and master location information.' },
  address: { type: 'string', help: 'The IPv4 address to listen on, UDP and TCP.' },
  port: { type: 'int', default: '53', help: 'The port to listen on.' },
  'service-ip': { type: 'string', default: '10.96.0.10', help: 'The cluster IP of the service kube-dns.' },
  'cluster-domain': { type: 'string', default: 'cluster.local', help: 'The domain of the cluster.' },
  'metrics-port': { type: 'int', default: '9153', help: 'Serves /metrics, /health and /ready; 0 for none.' },
  v: { type: 'int', default: '0', help: 'Number for the log level verbosity.' },
  help: { type: 'boolean', default: 'false', short: 'h', help: 'Show this help.' },
} as const satisfies FlagSpecs;

interface Settings extends OwnAddress {
  readonly domain: string;
  readonly metricsPort: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const main = async (argv: readonly string[], signal: AbortSignal): Promise<void> => {
  const flags = parseFlags(flagSpecs, argv);
  if (flags.help) return void process.stdout.write(`${describeFlags(flagSpecs)}\n`);
  if (!flags.kubeconfig || !flags.address) throw new FlagError('--kubeconfig and --address are required');
  await run(createClient({ kubeconfig: flags.kubeconfig }), {
    serviceIp: flags['service-ip'] ?? '10.96.0.10',
    address: flags.address,
    port: flags.port ?? 53,
    domain: (flags['cluster-domain'] ?? 'cluster.local').toLowerCase().replace(/\.$/, ''),
    metricsPort: flags['metrics-port'] ?? 0,
    logger: createKlog({ verbosity: flags.v ?? 0, source: 'dns' }),
    signal,
  });
};

const run = async (client: Client, settings: Settings): Promise<void> => {
  const { logger, signal, address, port, domain } = settings;
  // Listens before the zone is known. Until then, the answer is SERVFAIL, which is better than no answer.
  let currentZone: () => Zone | undefined = () => undefined;
  const counts = new Map<string, number>();
  const answer = counting(() => currentZone(), counts, logger);
  const server = await listen(() => startDnsServer({ address, port, respond: answer }), settings);
  logger.info(0, 'Serving DNS', { address: `${address}:${port}`, domain });
  const metrics = settings.metricsPort > 0 ? serveMetrics(counts, () => currentZone(), settings) : undefined;
  await waitForApiserver(client, { signal, logger });
  const informers = {
    services: createInformer(client, services, { signal, logger }),
    slices: createInformer(client, endpointSlices, { signal, logger }),
    namespaces: createInformer(client, namespaces, { signal, logger }),
    endpoints: createInformer(client, endpoints, { signal, logger }),
  };
  currentZone = followZone(informers, domain);
  await keepService(client, informers, settings);
  metrics?.close();
  server.close();
};

/** Builds the zone at the first question after a change. Undefined until the caches are complete. */
const followZone = (informers: Informers, domain: string): (() => Zone | undefined) => {
  const sources = [informers.services, informers.slices, informers.namespaces];
  let synced = false;
  let zone: Zone | undefined;
  for (const informer of sources) {
    informer.onChange(() => {
      zone = undefined;
    });
  }
  void Promise.all(sources.map((informer) => informer.synced)).then(
    () => {
      synced = true;
    },
    () => {},
  );
  return () => {
    if (!synced) return undefined;
    zone ??= buildZone({
      domain,
      services: informers.services.items.values(),
      slices: informers.slices.items.values(),
      namespaces: informers.namespaces.items.values(),
    });
    return zone;
  };
};

/** Counts answers by code, and logs each question at `-v=4`. */
const counting =
  (zone: () => Zone | undefined, counts: Map<string, number>, logger: Logger) =>
  (query: Packet): Packet => {
    const response = respond(query, zone());
    const rcode = rcodeOf(response);
    counts.set(rcode, (counts.get(rcode) ?? 0) + 1);
    const [question] = query.questions ?? [];
    logger.info(4, 'Answered', {
      name: question?.name,
      type: question?.type,
      rcode,
      answers: response.answers?.length ?? 0,
    });
    return response;
  };

/** Retries, because the machine gets its address at about the same time as this process starts. */
const listen = <T>(start: () => Promise<T>, { address, port, logger, signal }: Settings): Promise<T> =>
  eventually(
    `the DNS server listens on ${address}:${port}`,
    async () => {
      try {
        return done(await start());
      } catch (error) {
        logger.warning('Cannot listen yet', { err: messageOf(error) });
        throw error;
      }
    },
    { timeoutMs: 60_000, signal },
  );

const serveMetrics = (
  counts: ReadonlyMap<string, number>,
  zone: () => Zone | undefined,
  { address, metricsPort, logger }: Settings,
): Server => {
  const server = createServer((request, response) => {
    const ready = request.url === '/ready' ? zone() !== undefined : true;
    response.writeHead(ready ? 200 : 503, { 'content-type': 'text/plain' });
    if (request.url !== '/metrics') return void response.end(ready ? 'OK' : 'not synced');
    const samples = [...counts].map(([rcode, count]): Sample => [{ rcode }, count]);
    const help = 'Responses by their code';
    response.end(renderMetrics([{ name: 'cluster_dns_responses_total', type: 'counter', help, samples }]));
  });
  server.on('error', (error) => logger.warning('No metrics', { err: messageOf(error) }));
  return server.listen(metricsPort, address);
};

void runComponent('cluster-dns', main);
