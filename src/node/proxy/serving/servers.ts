// Opens the two HTTP servers of the process: health for load balancers and the kubelet; metrics and configuration for
// operators.
import { createServer, type Server } from 'node:http';
import { buildInfo, processMetrics, renderMetrics } from '../../component/metrics.ts';
import { readAccounting } from '../../sys/netfilter.ts';
import { renderConfigz } from '../config/render.ts';
import type { KubeProxy } from '../parts.ts';
import type { Changes } from '../proxier.ts';
import { createHealthServer } from './health.ts';
import { json, listen, routes, text } from './http.ts';

/** A taken port is only logged, so that the node still gets its rules. `--bind-address-hard-fail` makes it fatal. */
export const openServers = async (proxy: KubeProxy): Promise<void> => {
  const { config, log, signal } = proxy;
  const serve = async (server: Server, address: string, name: string): Promise<void> => {
    if (address === '') return;
    log.info(3, `Starting ${name} HTTP server`, { address });
    try {
      await listen(server, address, signal);
    } catch (error) {
      if (config.bindAddressHardFail) throw error;
      log.error(`Failed to start ${name} HTTP server`, error, { address });
    }
  };
  await Promise.all([
    serve(createHealthServer(proxy.health), config.healthzBindAddress, 'healthz'),
    serve(createMetricsServer(proxy), config.metricsBindAddress, 'metrics'),
  ]);
};

const createMetricsServer = (proxy: KubeProxy): Server =>
  createServer(
    routes({
      '/metrics': async () => ({
        code: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: (await proxyMetrics(proxy)) + renderMetrics([buildInfo(), ...processMetrics()]),
      }),
      '/proxyMode': () => text(200, proxy.mode.name),
      '/healthz': () => text(200, 'ok'),
      '/configz': () => json(200, renderConfigz(proxy.config)),
    }),
  );

const proxyMetrics = async ({ metrics, health, runners, signal }: KubeProxy): Promise<string> => {
  const proxiers = runners.map(({ proxier }) => proxier);
  const totals = proxiers.map((proxier) => {
    const { family, backend } = proxier;
    return [family, { rules: backend.countRules(), gaps: proxier.countGaps(), failures: backend.failures }] as const;
  });
  return metrics.render({
    totals: new Map(totals),
    heard: total(proxiers.map(({ heard }) => heard)),
    pending: total(proxiers.map(({ pending }) => pending)),
    answers: health.answers,
    accounting: await readAccounting(signal),
  });
};

const total = (changes: readonly Changes[]): Changes => ({
  services: changes.reduce((sum, { services }) => sum + services, 0),
  endpoints: changes.reduce((sum, { endpoints }) => sum + endpoints, 0),
});
