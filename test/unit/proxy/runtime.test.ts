// The pace of syncs, health, metrics and node port addresses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProxyMode } from '../../../src/api/proxy-modes.ts';
import { createBucket } from '../../../src/node/proxy/bucket.ts';
import { ProxyHealth } from '../../../src/node/proxy/serving/health.ts';
import { ProxyMetrics } from '../../../src/node/proxy/serving/metrics.ts';
import { healthCheckPorts } from '../../../src/node/proxy/serving/service-health.ts';
import { nodePortAddresses } from '../../../src/node/proxy/view/machine-addresses.ts';
import { nodeView } from '../../../src/node/proxy/view/node-view.ts';
import { ip, port } from '../../support/proxy/scalars.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the pace of syncs', () => {
  const never = new AbortController().signal;

  test('allows two syncs without delay, and delays the third', async () => {
    const bucket = createBucket(2, () => 1000);
    await bucket.take(never);
    await bucket.take(never);
    const third = vi.fn();
    const taken = bucket.take(never).then(third);
    await vi.advanceTimersByTimeAsync(900);
    expect(third).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    await taken;
    expect(third).toHaveBeenCalled();
  });

  test('never delays with a period of zero', async () => {
    const bucket = createBucket(2, () => 0);
    for (let index = 0; index < 10; index++) await bucket.take(never);
  });
});

describe('health', () => {
  test('is bad until both families were synced once', () => {
    const health = new ProxyHealth(['IPv4', 'IPv6'], 60_000);
    expect(health.report(false).code).toBe(503);
    health.updated('IPv4');
    expect(health.report(false).code).toBe(503);
    health.updated('IPv6');
    expect(health.report(false)).toMatchObject({ code: 200, body: { healthy: true, nodeEligible: true } });
  });

  test('is bad while a change waits too long, and good after the next sync', () => {
    const health = new ProxyHealth(['IPv4'], 60_000);
    health.updated('IPv4');
    health.queued('IPv4');
    vi.advanceTimersByTime(61_000);
    expect(health.healthy).toBe(false);
    health.updated('IPv4');
    expect(health.healthy).toBe(true);
  });

  test('fails for load balancers, not for liveness, while the node is being removed', () => {
    const health = new ProxyHealth(['IPv4'], 60_000);
    health.updated('IPv4');
    health.nodeEligible = nodeView(
      'n1',
      { metadata: { name: 'n1' }, spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } },
      '',
    ).eligible;
    expect([health.report(false).code, health.report(true).code]).toEqual([503, 200]);
  });

  test('names the present time in good answers, and the last sync in bad ones', () => {
    const health = new ProxyHealth(['IPv4', 'IPv6'], 60_000);
    health.updated('IPv4');
    vi.advanceTimersByTime(1000);
    const synced = new Date();
    health.updated('IPv6');
    vi.advanceTimersByTime(5000);
    expect(health.report(false).body).toMatchObject({ lastUpdated: new Date() });
    health.nodeEligible = false;
    expect(health.report(false).body).toMatchObject({ lastUpdated: synced });
    expect(health.report(true).body).toMatchObject({ lastUpdated: new Date() });
  });

  test('of a service counts an endpoint once, even with several ports', () => {
    const web = {
      service: 'a/b',
      portName: 'a/b',
      protocol: 'TCP',
      clusterIp: ip('10.96.0.20'),
      port: port(80),
      nodePort: 0,
      externalIps: [],
      loadBalancerIps: [],
      sourceRanges: [],
      affinitySeconds: undefined,
      externalPolicyLocal: true,
      internalPolicyLocal: false,
      healthCheckNodePort: port(32011),
    } as const;
    const endpoint = {
      address: '',
      ip: ip('10.0.0.1'),
      port: port(80),
      local: true,
      ready: true,
      serving: true,
      terminating: false,
      zoneHints: [],
      nodeHints: [],
    };
    const ports = new Map([
      ['x', { ...web, key: 'x' }],
      ['y', { ...web, key: 'y' }],
    ]);
    const endpoints = new Map([
      ['x', [endpoint, { ...endpoint, ip: ip('10.0.0.2'), local: false }]],
      ['y', [endpoint]],
    ]);
    expect(healthCheckPorts({ ports, endpoints })).toEqual([{ service: 'a/b', port: 32011, localEndpoints: 1 }]);
  });
});

describe('metrics', () => {
  const report = {
    full: true,
    elapsedMs: 1,
    rulesWritten: { nat: 1, filter: 1 },
    programmingMs: [],
    flowsForgotten: 0,
    conntrackMs: undefined,
  };
  const answers = { healthz: {}, livez: {} };
  const pending = { services: 0, endpoints: 0 };
  const heard = { services: 3, endpoints: 5 };
  const accounting = new Map([['ct_state_invalid_dropped_pkts', 42]]);

  test('have the names, types and labels of the original', () => {
    const metrics = new ProxyMetrics(['IPv4', 'IPv6'], 'iptables');
    metrics.synced('IPv4', { ...report, conntrackMs: 1 });
    metrics.synced('IPv6', report);
    const text = metrics.render({ totals: new Map(), heard, pending, answers, accounting });
    const types = [...text.matchAll(/^# TYPE (\S+ \S+)$/gm)].map(([, type]) => type ?? '');
    // The recording omits the values of labels that vary.
    const samples = [...text.matchAll(/^(kubeproxy\S+) /gm)].map(([, name = '']) =>
      name.replace(/\b(le|table)="[^"]*"/, '$1'),
    );
    const wanted = readFileSync(join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2/metric-names.txt'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    expect(wanted.length).toBeGreaterThan(40);
    expect([...types, ...new Set(samples)].sort()).toEqual(wanted.sort());
    expect(text).toContain('kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv6",le="+Inf"} 1');
    expect(text).toContain('kubeproxy_iptables_ct_state_invalid_dropped_packets_total 42');
    expect(text).toContain('kubeproxy_sync_proxy_rules_endpoint_changes_total 5');
  });

  test.each<{ mode: ProxyMode; has: RegExp; lacks: RegExp }>([
    { mode: 'iptables', has: /_iptables_total.*_iptables_restore_failures/, lacks: /_nftables_/ },
    {
      mode: 'ipvs',
      has: /_iptables_restore_failures/,
      lacks: /_iptables_(total|last|partial|ct_state)|_(full|partial)_/,
    },
    { mode: 'nftables', has: /_nftables_sync_failures.*sync_full_proxy_rules/, lacks: /_iptables_/ },
  ])('of mode $mode are those of the original', ({ mode, has, lacks }) => {
    const metrics = new ProxyMetrics(['IPv4'], mode);
    const failures =
      mode === 'nftables'
        ? { of: 'nftables' as const, sync: 1, cleanup: 1 }
        : { of: 'iptables' as const, restore: 1, partialRestore: 1 };
    const totals = { rules: { nat: 1, filter: 1 }, gaps: { internal: 0, external: 0 }, failures };
    metrics.synced('IPv4', report);
    metrics.synced('IPv4', { ...report, full: false });
    const text = metrics.render({ totals: new Map([['IPv4', totals]]), heard, pending, answers, accounting });
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)]
      .map(([, name]) => name)
      .sort()
      .reverse()
      .join(' ');
    expect(names).toMatch(has);
    expect(names).not.toMatch(lacks);
    expect(names).toMatch(/no_local_endpoints_total.*last_timestamp.*endpoint_changes_total/);
  });

  test('without a value are missing, as in the original, and appear with their first value', () => {
    const metrics = new ProxyMetrics(['IPv4', 'IPv6'], 'iptables');
    const failures = { of: 'iptables', restore: 3, partialRestore: 2 } as const;
    const totals = new Map([
      ['IPv4', { rules: { nat: 1, filter: 1 }, gaps: { internal: 0, external: 0 }, failures }],
    ] as const);
    metrics.synced('IPv4', { ...report, full: false, programmingMs: [400, 61_000] });
    const text = metrics.render({
      totals,
      heard,
      pending,
      accounting,
      answers: { healthz: { 200: 4, 503: 1 }, livez: { 200: 2 } },
    });
    const lines = text.split('\n').filter((line) => !line.startsWith('#'));
    const network = 'kubeproxy_network_programming_duration_seconds';
    expect(lines).toEqual(
      expect.arrayContaining([
        `${network}_bucket{ip_family="IPv4",le="0.25"} 0`,
        `${network}_bucket{ip_family="IPv4",le="0.5"} 1`,
        `${network}_bucket{ip_family="IPv4",le="60"} 1`,
        `${network}_bucket{ip_family="IPv4",le="65"} 2`,
        `${network}_bucket{ip_family="IPv4",le="300"} 2`,
        `${network}_sum{ip_family="IPv4"} 61.4`,
        'kubeproxy_proxy_healthz_total{code="200"} 4',
        'kubeproxy_proxy_healthz_total{code="503"} 1',
        'kubeproxy_proxy_livez_total{code="200"} 2',
        'kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
        'kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv4"} 3',
        'kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv4"} 2',
      ]),
    );
    expect(lines.filter((line) => line.startsWith(`${network}_bucket`))).toHaveLength(81);
    expect(text).not.toMatch(/(network_programming|partial_proxy|restore_failures)\S*\{ip_family="IPv6"/);
  });
});

describe('node port addresses', () => {
  const node = nodeView(
    'n1',
    { metadata: { name: 'n1' }, status: { addresses: [{ type: 'InternalIP', address: '192.168.56.11' }] } },
    '0.0.0.0',
  );
  test('are all by default', () => expect(nodePortAddresses([], 'IPv4', node)).toBe('all'));
  test('are those of the Node object with "primary"', () => {
    expect(nodePortAddresses(['primary'], 'IPv4', node)).toEqual(['192.168.56.11']);
    expect(nodePortAddresses(['primary'], 'IPv6', node)).toEqual([]);
  });
  test("are the machine's addresses in the given networks", () => {
    expect(nodePortAddresses(['127.0.0.0/8'], 'IPv4', node)).toEqual(['127.0.0.1']);
    expect(nodePortAddresses(['0.0.0.0/0'], 'IPv4', node)).toBe('all');
  });
});
