// The parts of a running kube-proxy, and how events reach them.

import type { Node } from '../../api/core.ts';
import { zoneLabel } from '../../api/labels.ts';
import type { Logger } from '../../kit/logger.ts';
import { type HeldLog, holdLog } from '../component/held-log.ts';
import type { Mode } from './backend.ts';
import type { ProxyConfig } from './config/config.ts';
import { FamilyRunner } from './family-runner.ts';
import { ProxyHealth } from './serving/health.ts';
import { ProxyMetrics } from './serving/metrics.ts';
import { healthCheckPorts, ServiceHealth } from './serving/service-health.ts';
import type { IpFamily, NodeView } from './types.ts';
import type { ObjectHandlers } from './view/api-objects.ts';
import type { Complain } from './view/json.ts';
import { nodePortAddresses } from './view/machine-addresses.ts';
import { nodeView, sameNode } from './view/node-view.ts';

export interface Running {
  readonly config: ProxyConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The node as it is known now. */
  readonly state: { node: NodeView };
}

export interface KubeProxy extends Running {
  readonly mode: Mode;
  /** Log of changed objects. It is held back until the start is logged. */
  readonly objectLog: HeldLog;
  readonly health: ProxyHealth;
  readonly serviceHealth: ReadonlyMap<IpFamily, ServiceHealth>;
  readonly metrics: ProxyMetrics;
  readonly runners: readonly FamilyRunner[];
}

export const createProxy = (running: Running, mode: Mode): KubeProxy => {
  const { config, state, log, signal } = running;
  const { families } = mode;
  const objectLog = holdLog(log);
  const health = new ProxyHealth(families, config.syncPeriodMs * 2);
  const metrics = new ProxyMetrics(families, mode.name);
  const healthOf = (family: IpFamily): ServiceHealth =>
    new ServiceHealth({
      log,
      proxyHealthy: () => health.healthy,
      addresses: () => {
        const addresses = nodePortAddresses(config.nodePortAddresses, family, state.node);
        return addresses === 'all' ? [family === 'IPv6' ? '::' : '0.0.0.0'] : addresses;
      },
    });
  const serviceHealth = new Map(families.map((family) => [family, healthOf(family)]));
  const runnerOf = (family: IpFamily): FamilyRunner =>
    new FamilyRunner({
      ...{ family, config, log: objectLog, signal, mode: mode.name },
      backend: mode.createBackend(family),
      node: () => state.node,
      onQueued: () => {
        health.queued(family);
        metrics.queued(family);
      },
      onWritten: (view) => serviceHealth.get(family)?.sync(healthCheckPorts(view)),
      onSynced: (report) => {
        health.updated(family);
        metrics.synced(family, report);
      },
    });
  return { ...running, mode, objectLog, health, serviceHealth, metrics, runners: families.map(runnerOf) };
};

export const handlersOf = (proxy: KubeProxy): ObjectHandlers => ({
  onNode: (node) => onNode(proxy, node),
  onService: (before, after) => {
    for (const runner of proxy.runners) runner.onService(before, after);
  },
  onSlice: (before, after) => {
    for (const runner of proxy.runners) runner.onSlice(before, after);
  },
});

const onNode = ({ config, state, health, objectLog, runners }: KubeProxy, node: Node | undefined): void => {
  if (!node) {
    objectLog.warning('The Node object was deleted; its last data stay in use', { node: config.nodeName });
    return;
  }
  const complain: Complain = (message, fields) => objectLog.error(message, undefined, fields);
  const next = nodeView(config.nodeName, node, config.bindAddress, complain);
  health.nodeEligible = next.eligible;
  if (sameNode(state.node, next)) return;
  state.node = next;
  const labels = next.zone === undefined ? {} : { [zoneLabel]: next.zone };
  for (const runner of runners) {
    objectLog.info(4, 'Updated proxier node topology labels', { ipFamily: runner.proxier.family, labels });
    runner.onNode();
  }
};
