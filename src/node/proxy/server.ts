// Starts kube-proxy and wires its parts: API server → informers → trackers → rules → kernel.
import { kubernetesVersion } from '../../api/version.ts';
import { done, eventually, notYet } from '../../kit/eventually.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Client } from '../client/types.ts';
import { holdLog } from '../component/held-log.ts';
import { packetFilterOf } from './backend.ts';
import { cleanUp } from './cleanup.ts';
import type { ProxyConfig } from './config/config.ts';
import { openMode } from './modes.ts';
import { createProxy, handlersOf, type KubeProxy } from './parts.ts';
import { openServers } from './serving/servers.ts';
import { setOomScore, setUpConntrack } from './system.ts';
import type { IpFamily, NodeView } from './types.ts';
import { type Followed, followObjects, reachServer } from './view/api-objects.ts';
import { nodeView } from './view/node-view.ts';

/**
 * Runs until the signal aborts. Rules stay in the kernel, so that a restart interrupts no connection.
 * Some steps run in parallel; the log shows them in the original's order.
 */
export const runProxy = async (
  config: ProxyConfig,
  client: Client,
  log: Logger,
  signal: AbortSignal,
): Promise<void> => {
  const state = { node: nodeView(config.nodeName, undefined, config.bindAddress) };
  const modeLog = holdLog(log);
  const modeKnown = openMode({ config, log: modeLog, signal, node: () => state.node }).catch((error: unknown) => {
    modeLog.release();
    throw error;
  });
  const [mode, slices] = await Promise.all([modeKnown, reachServer(client, log, signal)]);
  const proxy = createProxy({ config, log, signal, state }, mode);
  const { objectLog, runners } = proxy;
  const handlers = handlersOf(proxy);
  const objects = followObjects({ client, nodeName: config.nodeName, slices, handlers, log: objectLog, signal });
  await awaitNode(proxy, objects);
  announce(mode.families, log);
  modeLog.release();
  log.info(0, 'Version info', { version: kubernetesVersion, node: process.version });
  setOomScore(config.oomScoreAdj, log);
  setUpConntrack(config, log);
  await openServers(proxy);
  await awaitCaches(proxy, objects);
  for (const runner of runners) runner.start();
  void removeLeftovers(proxy);
  await Promise.all(runners.map(({ stopped }) => stopped));
  for (const service of proxy.serviceHealth.values()) service.close();
  for (const { proxier } of runners) proxier.backend.close();
};

/** A new node may have no Node object yet, or a Node object without a pod CIDR. */
const nodeTimeoutMs = 30_000;

/**
 * Waits for the data of the node that the configuration needs. After a time-out, kube-proxy starts and uses the data
 * when it arrives.
 */
const awaitNode = async ({ config, state, log, signal, mode }: KubeProxy, objects: Followed): Promise<void> => {
  log.info(0, 'Waiting for caches to sync');
  await objects.node;
  const needs = {
    podCidrs: config.detectLocal.mode === 'NodeCIDR',
    address: config.nodePortAddresses.includes('primary'),
  };
  const missing = (): string[] => [
    ...(needs.podCidrs && state.node.podCidrs.length === 0 ? ['a pod CIDR (--detect-local-mode=NodeCIDR)'] : []),
    ...(needs.address && nodeIps(state.node).length === 0 ? ['an address (--nodeport-addresses=primary)'] : []),
  ];
  if (missing().length > 0) {
    log.info(0, 'Waiting for the Node object', { node: config.nodeName, missing: missing() });
    const look = () => (missing().length === 0 ? done(undefined) : notYet(missing().join()));
    await eventually('the Node is complete', look, { timeoutMs: nodeTimeoutMs, signal }).catch(() => {
      signal.throwIfAborted();
      log.warning('The Node object is incomplete; its rules follow when it is complete', { missing: missing() });
    });
  }
  log.info(0, 'Caches are synced');
  const ips = nodeIps(state.node);
  if (ips.length > 0) log.info(0, 'Successfully retrieved NodeIPs', { NodeIPs: ips });
  else log.warning('No addresses in the Node object yet', { node: config.nodeName });
  // The default of nftables mode is the node's own address.
  if (config.nodePortAddresses.length === 0 && mode.name !== 'nftables') {
    const err =
      'nodePortAddresses is unset; NodePort connections will be accepted on all local IPs. Consider using `--nodeport-addresses primary`';
    log.error('Kube-proxy configuration may be incomplete or incorrect', undefined, { err });
  }
};

const nodeIps = ({ addresses }: NodeView): string[] => Object.values(addresses);

const announce = (families: readonly IpFamily[], log: Logger): void => {
  if (families.length > 1) {
    log.info(0, 'kube-proxy running in dual-stack mode', { 'primary ipFamily': families[0] });
  } else log.info(0, 'kube-proxy running in single-stack mode', { ipFamily: families[0] });
};

/** Logs the progress of the caches as the original does. Resolves when all objects are known. */
const awaitCaches = async ({ mode, log, objectLog, runners }: KubeProxy, objects: Followed): Promise<void> => {
  const controllers = [
    { controller: 'service config', kind: 'Service', known: objects.services, handler: 'OnServiceSynced' },
    {
      controller: 'endpoint slice config',
      kind: 'EndpointSlice',
      known: objects.slices,
      handler: 'OnEndpointSlicesSynced',
    },
    { controller: 'node config', kind: 'Node', known: objects.node, handler: 'OnNodeSynced' },
  ];
  for (const { controller } of controllers) {
    log.info(0, `Starting ${controller} controller`);
    log.info(0, 'Waiting for caches to sync', { controller });
  }
  for (const { proxier } of runners) {
    const what = mode.name === 'ipvs' ? 'ipvs rules' : packetFilterOf(mode.name);
    const message = `Not syncing ${what} until Services and Endpoints have been received from master`;
    log.info(2, message, { ipFamily: proxier.family });
  }
  const tell = async ({ controller, kind, known, handler }: (typeof controllers)[number]): Promise<void> => {
    await known;
    log.info(2, 'Caches populated', { type: `*v1.${kind}` });
    log.info(0, 'Caches are synced', { controller });
    objectLog.info(4, `Calling handler.${handler}()`);
  };
  await Promise.all(controllers.map(tell));
  objectLog.release();
};

/** Removes what another mode left, but only after the first sync, so that services stay reachable. */
const removeLeftovers = async ({ mode, runners, log, signal }: KubeProxy): Promise<void> => {
  await Promise.all(runners.map(({ synced }) => synced));
  try {
    await cleanUp({ log, signal, running: mode.name });
  } catch (error) {
    if (!signal.aborted) log.error('Leftovers of another proxy mode could not be removed', error);
  }
};
