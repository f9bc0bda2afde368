// Wires kube-proxy together, in the order of a change's way: API server → informers → trackers → rules → kernel.
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointSlices, nodes, services } from '../../api/resources.ts';
import { kubernetesVersion } from '../../api/version.ts';
import { messageOf } from '../../kit/error.ts';
import type { Logger } from '../../kit/logger.ts';
import { createInformer } from '../client/informer.ts';
import { type Client, keyOf } from '../client/types.ts';
import type { Mode } from './backend.ts';
import { cleanUp } from './cleanup.ts';
import type { ProxyConfig } from './config.ts';
import { FamilyRunner } from './family-runner.ts';
import { createHealthServer, listen, ProxyHealth, sendJson, sendText } from './health.ts';
import { ProxyMetrics } from './metrics.ts';
import { openMode } from './modes.ts';
import { nodeView, sameNode } from './node-view.ts';
import { healthCheckPorts, ServiceHealth } from './service-health.ts';
import { proxySelector } from './service-ports.ts';
import { setOomScore, setUpConntrack } from './system.ts';
import type { IpFamily, NodeView } from './types.ts';

/** Runs until the signal aborts. Rules stay: a restart must not interrupt anybody's connections. */
export const runProxy = async (
  config: ProxyConfig,
  client: Client,
  log: Logger,
  signal: AbortSignal,
): Promise<void> => {
  const state: NodeState = { node: nodeView(config.nodeName, undefined, config.bindAddress) };
  const modeKnown = openMode({ config, log, signal, node: () => state.node });
  await reachServer(client, log, signal);
  const proxy = createProxy(config, await modeKnown, state, log, signal);
  const objectsKnown = followObjects(proxy, client, signal);
  log.info(0, 'Version info', { version: kubernetesVersion, node: process.version });
  setOomScore(config.oomScoreAdj, log);
  setUpConntrack(config, log);
  await openServers(proxy, signal);
  log.info(0, 'Waiting for caches to sync');
  await objectsKnown;
  log.info(0, 'Caches are synced');
  for (const runner of proxy.runners) runner.start();
  void removeLeftovers(proxy, signal);
  await Promise.all(proxy.runners.map(({ stopped }) => stopped));
  proxy.serviceHealth.close();
  for (const { proxier } of proxy.runners) proxier.backend.close();
};

interface NodeState {
  node: NodeView;
}

interface Proxy {
  readonly config: ProxyConfig;
  readonly mode: Mode;
  readonly state: NodeState;
  readonly log: Logger;
  readonly health: ProxyHealth;
  readonly serviceHealth: ServiceHealth;
  readonly metrics: ProxyMetrics;
  readonly runners: readonly FamilyRunner[];
}

const createProxy = (config: ProxyConfig, mode: Mode, state: NodeState, log: Logger, signal: AbortSignal): Proxy => {
  const { families } = mode;
  announce(families, log);
  const health = new ProxyHealth(families, config.syncPeriodMs * 2);
  const metrics = new ProxyMetrics(families);
  const serviceHealth = new ServiceHealth(log, () => health.healthy);
  const runnerOf = (family: IpFamily): FamilyRunner =>
    new FamilyRunner({
      ...{ family, config, log, signal },
      backend: mode.createBackend(family),
      node: () => state.node,
      onQueued: () => {
        health.queued(family);
        metrics.queued(family);
      },
      onSynced: (report, view) => {
        health.updated(family);
        metrics.synced(family, report);
        if (family === families[0]) serviceHealth.sync(healthCheckPorts(view));
      },
    });
  return { config, mode, state, log, health, serviceHealth, metrics, runners: families.map(runnerOf) };
};

/**
 * Feeds the runners from the API server. Informers begin at once and tell nothing twice, so whoever wants to hear of everything must
 * be there when they are made: nothing may be awaited in here.
 * @returns once everything that exists has been told
 */
const followObjects = (proxy: Proxy, client: Client, signal: AbortSignal): Promise<unknown> => {
  const { config, log, runners } = proxy;
  const options = { signal, logger: log };
  const own = { fieldSelector: `metadata.name=${config.nodeName}` };
  const ours = { labelSelector: proxySelector };
  const nodeInformer = createInformer(client, nodes, { ...options, selection: own });
  const serviceInformer = createInformer(client, services, { ...options, selection: ours });
  const sliceInformer = createInformer(client, endpointSlices, { ...options, selection: ours });
  nodeInformer.onChange((_before, after) => onNode(proxy, nodeView(config.nodeName, after, config.bindAddress)));
  serviceInformer.onChange((before, after) => {
    logChange(log, 'Service', before, after);
    for (const runner of runners) runner.onService(before, after);
  });
  sliceInformer.onChange((before, after) => {
    logChange(log, 'EndpointSlice', before, after);
    for (const runner of runners) runner.onSlice(before, after);
  });
  return Promise.all([nodeInformer.synced, serviceInformer.synced, sliceInformer.synced]);
};

const onNode = (proxy: Proxy, next: NodeView): void => {
  proxy.health.nodeEligible = next.eligible;
  if (sameNode(proxy.state.node, next)) return;
  const nodeIPs = Object.values(next.addresses);
  proxy.log.info(2, 'Updated proxier node topology labels', { zone: next.zone ?? '', nodeIPs });
  proxy.state.node = next;
  for (const runner of proxy.runners) runner.onNode();
};

const openServers = async (proxy: Proxy, signal: AbortSignal): Promise<void> => {
  const { config, log, health, metrics, runners } = proxy;
  const renderMetrics = (): string => {
    const totals = new Map(
      runners.map(({ proxier }) => [
        proxier.family,
        { rules: proxier.backend.countRules(), gaps: proxier.countGaps() },
      ]),
    );
    const pending = runners.map(({ proxier }) => proxier.pending);
    return metrics.render(totals, {
      services: pending.reduce((sum, { services: count }) => sum + count, 0),
      endpoints: pending.reduce((sum, { endpoints }) => sum + endpoints, 0),
    });
  };
  const serving = { log, signal, fatal: config.bindAddressHardFail };
  await Promise.all([
    serve(createHealthServer(health), config.healthzBindAddress, 'healthz', serving),
    serve(createMetricsServer(proxy, renderMetrics), config.metricsBindAddress, 'metrics', serving),
  ]);
};

/** What another mode left goes once our own rules are in place, so that no connection finds nothing. */
const removeLeftovers = async ({ mode, runners, log }: Proxy, signal: AbortSignal): Promise<void> => {
  await Promise.all(runners.map(({ synced }) => synced));
  try {
    await cleanUp({ log, signal, running: mode.name });
  } catch (error) {
    if (!signal.aborted) log.error('Leftovers of another proxy mode could not be removed', error);
  }
};

/** A cluster that is just starting brings its API server up within a second or so: asked often at first, then less. */
const reachServer = async (client: Client, log: Logger, signal: AbortSignal): Promise<void> => {
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      await client.raw('/healthz');
      return;
    } catch (error) {
      signal.throwIfAborted();
      const waited = performance.now() - started;
      if (attempt % 10 === 0) log.warning('The API server does not answer yet', { err: messageOf(error) });
      await delay(waited < 10_000 ? Math.min(50 + attempt * 10, 200) : 2000, undefined, { signal });
    }
  }
};

const announce = (families: readonly IpFamily[], log: Logger): void => {
  if (families.length > 1) {
    log.info(0, 'kube-proxy running in dual-stack mode', { 'primary ipFamily': families[0] });
  } else log.info(0, 'kube-proxy running in single-stack mode', { ipFamily: families[0] });
};

const logChange = (
  log: Logger,
  kind: 'Service' | 'EndpointSlice',
  before: Parameters<typeof keyOf>[0] | undefined,
  after: Parameters<typeof keyOf>[0] | undefined,
): void => {
  const object = after ?? before;
  if (!object || !log.enabled(4)) return;
  const verb = before ? (after ? 'Update' : 'Delete') : 'Add';
  const field = kind === 'Service' ? {} : { endpoints: keyOf(object) };
  log.info(4, `Calling handler.On${kind}${verb}`, field);
};

interface Serving {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly fatal: boolean;
}

/** A port that is taken is no reason to leave the node without rules, unless `--bind-address-hard-fail`. */
const serve = async (server: Server, address: string, name: string, { log, signal, fatal }: Serving): Promise<void> => {
  if (address === '') return;
  log.info(2, `Starting ${name} HTTP server`, { address });
  try {
    await listen(server, address, signal);
  } catch (error) {
    if (fatal) throw error;
    log.error(`Failed to start ${name} HTTP server`, error, { address });
  }
};

const createMetricsServer = ({ config, mode }: Proxy, renderMetrics: () => string): Server =>
  createServer((request, response) => {
    switch (request.url?.split('?')[0]) {
      case '/metrics':
        response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(renderMetrics());
        return;
      case '/proxyMode':
        return sendText(response, 200, mode.name);
      case '/healthz':
        return sendText(response, 200, 'ok');
      case '/configz':
        return sendJson(response, 200, JSON.stringify({ 'kubeproxy.config.k8s.io': config }));
      default:
        return sendText(response, 404, '404 page not found\n');
    }
  });
