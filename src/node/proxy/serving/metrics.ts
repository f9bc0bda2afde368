// The metrics of the original kube-proxy, with its names, labels and buckets.

import type { ProxyMode } from '../../../api/proxy-modes.ts';
import { Histogram, type Metric, renderMetrics, type Sample } from '../../component/metrics.ts';
import { type Failures, noRules, type RuleCounts } from '../backend.ts';
import type { Changes, SyncReport } from '../proxier.ts';
import type { IpFamily } from '../types.ts';
import type { TrafficPolicy } from '../view/categorize.ts';

const series = (first: number, step: number, length: number): number[] =>
  Array.from({ length }, (_, index) => first + step * index);

/** The original's upper bounds of buckets, in seconds. */
const syncBounds = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
const programmingBounds = [...series(0.25, 0.25, 2), ...series(1, 1, 59), ...series(60, 5, 12), ...series(120, 30, 7)];

/** Values that are computed at each request for metrics, not at each sync. */
export interface FamilyTotals {
  readonly rules: RuleCounts;
  readonly gaps: Readonly<Record<TrafficPolicy, number>>;
  readonly failures?: Failures | undefined;
}

interface FamilyMetrics {
  readonly sync: Histogram;
  readonly fullSync: Histogram;
  readonly partialSync: Histogram;
  readonly programming: Histogram;
  readonly conntrack: Histogram;
  lastSync: number;
  lastQueued: number;
  rulesWritten: RuleCounts;
  totals: FamilyTotals;
  flowsForgotten: number;
}

export class ProxyMetrics {
  readonly #families: ReadonlyMap<IpFamily, FamilyMetrics>;
  readonly #definitions: readonly Definition[];

  constructor(families: readonly IpFamily[], mode: ProxyMode) {
    this.#definitions = definitions.filter(([name]) => modesOf(name)?.includes(mode) ?? true);
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
    (report.full ? metrics.fullSync : metrics.partialSync).observe(report.elapsedMs / 1000);
    for (const elapsedMs of report.programmingMs) metrics.programming.observe(elapsedMs / 1000);
    metrics.lastSync = Date.now() / 1000;
    metrics.rulesWritten = report.rulesWritten;
    metrics.flowsForgotten += report.flowsForgotten;
    if (report.conntrackMs !== undefined) metrics.conntrack.observe(report.conntrackMs / 1000);
  }

  render({ totals, ...looked }: Looked): string {
    for (const [family, metrics] of this.#families) metrics.totals = totals.get(family) ?? metrics.totals;
    const state: State = { families: [...this.#families], ...looked };
    return renderMetrics(
      this.#definitions.map(([name, type, help, samples]) => ({
        name,
        type,
        help: `[ALPHA] ${help}`,
        samples: samples(state),
      })),
    );
  }
}

/** Values that are read at each request for metrics. Changes are summed over all families. */
export interface Looked {
  readonly totals: ReadonlyMap<IpFamily, FamilyTotals>;
  /** Events received since the start. */
  readonly heard: Changes;
  /** Changes that wait for a sync. */
  readonly pending: Changes;
  /** The health server's answers by path and status code. */
  readonly answers: Readonly<Record<'healthz' | 'livez', Readonly<Record<number, number>>>>;
  /** nfacct object → number of packets. */
  readonly accounting: ReadonlyMap<string, number>;
}

interface State extends Omit<Looked, 'totals'> {
  readonly families: readonly (readonly [IpFamily, FamilyMetrics])[];
}

type Samples = (state: State) => readonly Sample[];

const each =
  (value: (metrics: FamilyMetrics) => number | Histogram): Samples =>
  ({ families }) =>
    families.map(([ip_family, metrics]) => [{ ip_family }, value(metrics)]);

const one =
  (value: (state: State) => number): Samples =>
  (state) => [[{}, value(state)]];

const labelled =
  <K extends string>(label: string, pick: (metrics: FamilyMetrics) => Readonly<Record<K, number>>): Samples =>
  ({ families }) =>
    families.flatMap(([ip_family, metrics]) =>
      Object.entries<number>(pick(metrics)).map(([key, value]): Sample => [{ ip_family, [label]: key }, value]),
    );

const prefix = 'kubeproxy_sync_proxy_rules';

const packets = (name: string): Samples => one(({ accounting }) => accounting.get(name) ?? 0);

/** Omits families in which the event has not happened, as the original does. */
const once =
  (happened: (metrics: FamilyMetrics) => number, samples: Samples): Samples =>
  (state) =>
    samples({ ...state, families: state.families.filter(([, metrics]) => happened(metrics) > 0) });

const observed = (pick: (metrics: FamilyMetrics) => Histogram): Samples =>
  once((metrics) => pick(metrics).count, each(pick));

const counted = (pick: (metrics: FamilyMetrics) => number): Samples => once(pick, each(pick));

const answered =
  (path: 'healthz' | 'livez'): Samples =>
  ({ answers }) =>
    Object.entries(answers[path]).map(([code, count]): Sample => [{ code }, count]);

const iptables =
  (pick: (failures: Extract<Failures, { of: 'iptables' }>) => number) =>
  ({ totals: { failures } }: FamilyMetrics): number =>
    failures?.of === 'iptables' ? pick(failures) : 0;

const nftables =
  (pick: (failures: Extract<Failures, { of: 'nftables' }>) => number): Samples =>
  ({ families }) =>
    families.flatMap(([ip_family, { totals }]): Sample[] =>
      totals.failures?.of === 'nftables' ? [[{ ip_family }, pick(totals.failures)]] : [],
    );

/** The modes that have a metric; undefined: all modes. The original has no userspace mode; its rules are iptables'. */
const modesOf = (name: string): readonly ProxyMode[] | undefined => {
  if (name === `${prefix}_iptables_restore_failures_total`) return ['iptables', 'ipvs'];
  if (name.startsWith(`${prefix}_nftables_`)) return ['nftables'];
  if (/_sync_(full|partial)_/.test(name)) return ['iptables', 'nftables'];
  return name.includes('_iptables_') ? ['iptables', 'userspace'] : undefined;
};

type Definition = readonly [name: string, type: Metric['type'], help: string, samples: Samples];

const definitions: readonly Definition[] = [
  [
    'kubeproxy_conntrack_reconciler_deleted_entries_total',
    'counter',
    'Flows deleted',
    once(
      (m) => m.conntrack.count,
      each((m) => m.flowsForgotten),
    ),
  ],
  ['kubeproxy_conntrack_reconciler_sync_duration_seconds', 'histogram', 'Deleting flows', observed((m) => m.conntrack)],
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
    'kubeproxy_network_programming_duration_seconds',
    'histogram',
    'From the cause of a change of endpoints to the kernel',
    observed((m) => m.programming),
  ],
  ['kubeproxy_proxy_healthz_total', 'counter', 'Answers of /healthz', answered('healthz')],
  ['kubeproxy_proxy_livez_total', 'counter', 'Answers of /livez', answered('livez')],
  ['kubeproxy_sync_full_proxy_rules_duration_seconds', 'histogram', 'Duration of full syncs', each((m) => m.fullSync)],
  [
    'kubeproxy_sync_partial_proxy_rules_duration_seconds',
    'histogram',
    'Duration of syncs of what had changed alone',
    observed((m) => m.partialSync),
  ],
  [`${prefix}_duration_seconds`, 'histogram', 'Duration of syncs', each((m) => m.sync)],
  [`${prefix}_endpoint_changes_pending`, 'gauge', 'Changes of endpoints that wait', one((s) => s.pending.endpoints)],
  [`${prefix}_endpoint_changes_total`, 'counter', 'Changes of endpoints', one((s) => s.heard.endpoints)],
  [`${prefix}_service_changes_pending`, 'gauge', 'Changes of services that wait', one((s) => s.pending.services)],
  [`${prefix}_service_changes_total`, 'counter', 'Changes of services', one((s) => s.heard.services)],
  [`${prefix}_iptables_last`, 'gauge', 'Rules written by the last sync', labelled('table', (m) => m.rulesWritten)],
  [
    `${prefix}_iptables_partial_restore_failures_total`,
    'counter',
    'Restores of what had changed alone that failed',
    counted(iptables((f) => f.partialRestore)),
  ],
  [`${prefix}_iptables_restore_failures_total`, 'counter', 'Restores that failed', counted(iptables((f) => f.restore))],
  [`${prefix}_iptables_total`, 'gauge', 'Rules of kube-proxy', labelled('table', (m) => m.totals.rules)],
  [`${prefix}_nftables_cleanup_failures_total`, 'counter', 'Clean-ups that failed', nftables((f) => f.cleanup)],
  [`${prefix}_nftables_sync_failures_total`, 'counter', 'Syncs that failed', nftables((f) => f.sync)],
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
  sync: new Histogram(syncBounds),
  fullSync: new Histogram(syncBounds),
  partialSync: new Histogram(syncBounds),
  programming: new Histogram(programmingBounds),
  conntrack: new Histogram(syncBounds),
  lastSync: 0,
  lastQueued: 0,
  rulesWritten: noRules,
  totals: { rules: noRules, gaps: { internal: 0, external: 0 } },
  flowsForgotten: 0,
});
