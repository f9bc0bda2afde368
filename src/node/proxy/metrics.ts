// The original's own metrics, in Prometheus' text format. Plain numbers and forty lines of formatting: prom-client would cost each
// node some megabytes for the same output.

import type { PortRules } from './iptables/build-service.ts';
import type { SyncReport } from './iptables/proxier.ts';
import type { IpFamily } from './types.ts';

/** Seconds; the original's `prometheus.ExponentialBuckets(0.001, 2, 15)`. */
const bounds = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

class Histogram {
  readonly counts = new Array<number>(bounds.length).fill(0);
  sum = 0;
  count = 0;

  observe(seconds: number): void {
    for (const [index, bound] of bounds.entries())
      if (seconds <= bound) this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += seconds;
    this.count += 1;
  }
}

interface FamilyMetrics {
  readonly sync: Histogram;
  readonly fullSync: Histogram;
  lastSync: number;
  lastQueued: number;
  rulesWritten: { readonly nat: number; readonly filter: number };
  rulesTotal: { nat: number; filter: number };
  noLocal: { internal: number; external: number };
  flowsForgotten: number;
}

export class ProxyMetrics {
  readonly #families: ReadonlyMap<IpFamily, FamilyMetrics>;
  #serviceChanges = 0;
  #endpointChanges = 0;

  constructor(families: readonly IpFamily[]) {
    this.#families = new Map(families.map((family) => [family, emptyFamily()]));
  }

  queued(family: IpFamily): void {
    const metrics = this.#families.get(family);
    if (metrics) metrics.lastQueued = Date.now() / 1000;
  }

  synced(family: IpFamily, report: SyncReport): void {
    const metrics = this.#families.get(family);
    if (!metrics) return;
    metrics.sync.observe(report.elapsedMs / 1000);
    if (report.full) metrics.fullSync.observe(report.elapsedMs / 1000);
    metrics.lastSync = Date.now() / 1000;
    metrics.rulesWritten = report.rulesWritten;
    metrics.flowsForgotten += report.flowsForgotten;
    this.#serviceChanges += report.serviceChanges;
    this.#endpointChanges += report.endpointChanges;
  }

  /** @param rules of each family, counted now rather than at each sync */
  render(
    rules: ReadonlyMap<IpFamily, Iterable<PortRules>>,
    pending: { readonly services: number; readonly endpoints: number },
  ): string {
    for (const [family, metrics] of this.#families) recount(metrics, rules.get(family) ?? []);
    const families = [...this.#families];
    const perFamily = (name: string, type: string, help: string, value: (metrics: FamilyMetrics) => number): string =>
      family(
        name,
        type,
        help,
        families.map(([ip, metrics]) => [`{ip_family="${ip}"}`, value(metrics)] as const),
      );
    const histogram = (name: string, help: string, pick: (metrics: FamilyMetrics) => Histogram): string =>
      family(
        name,
        'histogram',
        help,
        families.flatMap(([ip, metrics]) => histogramSamples(ip, pick(metrics))),
      );
    const single = (name: string, type: string, help: string, value: number): string =>
      family(name, type, help, [['', value]]);
    const tables = (value: (metrics: FamilyMetrics, table: 'nat' | 'filter') => number) =>
      families.flatMap(([ip, metrics]) =>
        (['filter', 'nat'] as const).map(
          (table) => [`{ip_family="${ip}",table="${table}"}`, value(metrics, table)] as const,
        ),
      );
    const policies = families.flatMap(([ip, { noLocal }]) =>
      (['external', 'internal'] as const).map(
        (policy) => [`{ip_family="${ip}",traffic_policy="${policy}"}`, noLocal[policy]] as const,
      ),
    );
    const prefix = 'kubeproxy_sync_proxy_rules_';
    return [
      perFamily(
        'kubeproxy_conntrack_reconciler_deleted_entries_total',
        'counter',
        'Conntrack entries deleted',
        (m) => m.flowsForgotten,
      ),
      histogram(
        'kubeproxy_sync_full_proxy_rules_duration_seconds',
        'Latency of full syncs in seconds',
        (m) => m.fullSync,
      ),
      histogram(`${prefix}duration_seconds`, 'Latency of syncs in seconds', (m) => m.sync),
      single(`${prefix}endpoint_changes_pending`, 'gauge', 'Pending changes of endpoints', pending.endpoints),
      single(`${prefix}endpoint_changes_total`, 'counter', 'Changes of endpoints', this.#endpointChanges),
      single(`${prefix}service_changes_pending`, 'gauge', 'Pending changes of services', pending.services),
      single(`${prefix}service_changes_total`, 'counter', 'Changes of services', this.#serviceChanges),
      family(
        `${prefix}iptables_last`,
        'gauge',
        'Rules written by the last sync',
        tables((m, table) => m.rulesWritten[table]),
      ),
      family(
        `${prefix}iptables_total`,
        'gauge',
        'Rules of kube-proxy in the kernel',
        tables((m, table) => m.rulesTotal[table]),
      ),
      perFamily(
        `${prefix}last_queued_timestamp_seconds`,
        'gauge',
        'When a sync was last asked for',
        (m) => m.lastQueued,
      ),
      perFamily(`${prefix}last_timestamp_seconds`, 'gauge', 'When a sync last succeeded', (m) => m.lastSync),
      family(`${prefix}no_local_endpoints_total`, 'gauge', 'Services with policy Local and no endpoint here', policies),
    ].join('');
  }
}

const emptyFamily = (): FamilyMetrics => ({
  sync: new Histogram(),
  fullSync: new Histogram(),
  lastSync: 0,
  lastQueued: 0,
  rulesWritten: { nat: 0, filter: 0 },
  rulesTotal: { nat: 0, filter: 0 },
  noLocal: { internal: 0, external: 0 },
  flowsForgotten: 0,
});

const recount = (metrics: FamilyMetrics, rules: Iterable<PortRules>): void => {
  const total = { nat: 0, filter: 0 };
  const noLocal = { internal: 0, external: 0 };
  for (const { chains, shared, withoutLocal } of rules) {
    for (const texts of chains.values()) total.nat += texts.length;
    for (const { table } of shared) total[table] += 1;
    for (const policy of withoutLocal) noLocal[policy] += 1;
  }
  metrics.rulesTotal = total;
  metrics.noLocal = noLocal;
};

type Sample = readonly [labels: string, value: number];

const family = (name: string, type: string, help: string, samples: readonly Sample[]): string => {
  // A histogram's samples bring their suffix along, in front of the labels.
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} [ALPHA] ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
};

const histogramSamples = (ip: IpFamily, { counts, sum, count }: Histogram): Sample[] => [
  ...bounds.map((bound, index): Sample => [`_bucket{ip_family="${ip}",le="${bound}"}`, counts[index] ?? 0]),
  [`_bucket{ip_family="${ip}",le="+Inf"}`, count],
  [`_sum{ip_family="${ip}"}`, sum],
  [`_count{ip_family="${ip}"}`, count],
];
