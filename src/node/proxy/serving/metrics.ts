// The original's own metrics. Plain numbers and some lines of formatting: prom-client would cost each node megabytes for the same output.

import { type Failures, noRules, type RuleCounts } from '../backend.ts';
import type { SyncReport } from '../proxier.ts';
import type { IpFamily } from '../types.ts';
import type { TrafficPolicy } from '../view/categorize.ts';

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

/** Counted when somebody asks, rather than at each sync. */
export interface FamilyTotals {
  readonly rules: RuleCounts;
  readonly gaps: Readonly<Record<TrafficPolicy, number>>;
  /** Only of nftables mode. */
  readonly failures?: Failures | undefined;
}

interface FamilyMetrics {
  readonly sync: Histogram;
  readonly fullSync: Histogram;
  readonly conntrack: Histogram;
  lastSync: number;
  lastQueued: number;
  rulesWritten: RuleCounts;
  totals: FamilyTotals;
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
    if (report.conntrackMs !== undefined) metrics.conntrack.observe(report.conntrackMs / 1000);
    this.#serviceChanges += report.serviceChanges;
    this.#endpointChanges += report.endpointChanges;
  }

  render({ totals, pending, accounting }: Looked): string {
    for (const [family, metrics] of this.#families) metrics.totals = totals.get(family) ?? metrics.totals;
    const state: State = {
      families: [...this.#families],
      pending,
      serviceChanges: this.#serviceChanges,
      endpointChanges: this.#endpointChanges,
      accounting,
    };
    return definitions.map(([name, type, help, samples]) => renderMetric(name, type, help, samples(state))).join('');
  }
}

/** What is looked up when somebody asks. */
export interface Looked {
  readonly totals: ReadonlyMap<IpFamily, FamilyTotals>;
  /** Changes that wait for a sync, of all families. */
  readonly pending: { readonly services: number; readonly endpoints: number };
  /** Packets by the name of the kernel's accounting object. */
  readonly accounting: ReadonlyMap<string, number>;
}

interface State {
  readonly families: readonly (readonly [IpFamily, FamilyMetrics])[];
  readonly pending: Looked['pending'];
  readonly accounting: Looked['accounting'];
  readonly serviceChanges: number;
  readonly endpointChanges: number;
}

type Samples = (state: State) => readonly Sample[];

const each =
  (value: (metrics: FamilyMetrics) => number): Samples =>
  ({ families }) =>
    families.map(([ip, metrics]) => [`{ip_family="${ip}"}`, value(metrics)]);

const one =
  (value: (state: State) => number): Samples =>
  (state) => [['', value(state)]];

const histogram =
  (pick: (metrics: FamilyMetrics) => Histogram): Samples =>
  ({ families }) =>
    families.flatMap(([ip, metrics]) => histogramSamples(ip, pick(metrics)));

const labelled =
  <K extends string>(label: string, pick: (metrics: FamilyMetrics) => Readonly<Record<K, number>>): Samples =>
  ({ families }) =>
    families.flatMap(([ip, metrics]) =>
      Object.entries<number>(pick(metrics)).map(
        ([key, value]): Sample => [`{ip_family="${ip}",${label}="${key}"}`, value],
      ),
    );

const prefix = 'kubeproxy_sync_proxy_rules';

const packets = (name: string): Samples => one(({ accounting }) => accounting.get(name) ?? 0);

/** Only of families in which it has happened: the original shows no others. */
const reconciled =
  (samples: Samples): Samples =>
  (state) =>
    samples({ ...state, families: state.families.filter(([, { conntrack }]) => conntrack.count > 0) });

const failures =
  (pick: (failures: Failures) => number): Samples =>
  ({ families }) =>
    families.flatMap(([ip, { totals }]): Sample[] =>
      totals.failures ? [[`{ip_family="${ip}"}`, pick(totals.failures)]] : [],
    );

/** Name, type, help text, values. */
const definitions: readonly (readonly [name: string, type: string, help: string, samples: Samples])[] = [
  [
    'kubeproxy_conntrack_reconciler_deleted_entries_total',
    'counter',
    'Flows deleted',
    reconciled(each((m) => m.flowsForgotten)),
  ],
  [
    'kubeproxy_conntrack_reconciler_sync_duration_seconds',
    'histogram',
    'Deleting flows',
    reconciled(histogram((m) => m.conntrack)),
  ],
  [
    'kubeproxy_iptables_ct_state_invalid_dropped_packets_total',
    'counter',
    'Packets dropped as invalid',
    packets('ct_state_invalid_dropped_pkts'),
  ],
  [
    'kubeproxy_iptables_localhost_nodeports_accepted_packets_total',
    'counter',
    'Packets to localhost',
    packets('localhost_nps_accepted_pkts'),
  ],
  [
    'kubeproxy_sync_full_proxy_rules_duration_seconds',
    'histogram',
    'Duration of full syncs',
    histogram((m) => m.fullSync),
  ],
  [`${prefix}_duration_seconds`, 'histogram', 'Duration of syncs', histogram((m) => m.sync)],
  [`${prefix}_endpoint_changes_pending`, 'gauge', 'Changes of endpoints that wait', one((s) => s.pending.endpoints)],
  [`${prefix}_endpoint_changes_total`, 'counter', 'Changes of endpoints', one((s) => s.endpointChanges)],
  [`${prefix}_service_changes_pending`, 'gauge', 'Changes of services that wait', one((s) => s.pending.services)],
  [`${prefix}_service_changes_total`, 'counter', 'Changes of services', one((s) => s.serviceChanges)],
  [`${prefix}_iptables_last`, 'gauge', 'Rules written by the last sync', labelled('table', (m) => m.rulesWritten)],
  [`${prefix}_iptables_total`, 'gauge', 'Rules of kube-proxy', labelled('table', (m) => m.totals.rules)],
  [`${prefix}_nftables_cleanup_failures_total`, 'counter', 'Clean-ups that failed', failures((f) => f.cleanup)],
  [`${prefix}_nftables_sync_failures_total`, 'counter', 'Syncs that failed', failures((f) => f.sync)],
  [`${prefix}_last_queued_timestamp_seconds`, 'gauge', 'When a sync was last asked for', each((m) => m.lastQueued)],
  [`${prefix}_last_timestamp_seconds`, 'gauge', 'When a sync last succeeded', each((m) => m.lastSync)],
  [
    `${prefix}_no_local_endpoints_total`,
    'gauge',
    'Local, but no endpoint',
    labelled('traffic_policy', (m) => m.totals.gaps),
  ],
];

const emptyFamily = (): FamilyMetrics => ({
  sync: new Histogram(),
  fullSync: new Histogram(),
  conntrack: new Histogram(),
  lastSync: 0,
  lastQueued: 0,
  rulesWritten: noRules,
  totals: { rules: noRules, gaps: { internal: 0, external: 0 } },
  flowsForgotten: 0,
});

type Sample = readonly [labels: string, value: number];

const renderMetric = (name: string, type: string, help: string, samples: readonly Sample[]): string => {
  if (samples.length === 0) return '';
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
