// Compares the HTTP answers (health, metrics, configuration) with those that the original gave for the same objects.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import { type EndpointSlice, lastChangeAnnotation } from '../../../src/api/discovery.ts';
import { goldenServices, goldenSlices } from '../../support/proxy/golden.ts';
import { put, World } from '../../support/proxy/world.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2');
const recorded = (name: string): string => readFileSync(join(fixtures, name), 'utf8');
const node = {
  plural: 'nodes' as const,
  object: { metadata: { name: 'n1' }, status: { addresses: [{ type: 'InternalIP', address: '10.123.0.11' }] } },
};
const goldenWorld = async (...flags: string[]): Promise<World> => {
  const created = await World.create();
  await created.change(node, ...goldenServices().map(put.service), ...goldenSlices().map(put.slice));
  await created.startProxy('--cluster-cidr=10.200.0.0/15', ...flags);
  return created;
};

/** For the tests that only ask. */
let world: World;
beforeAll(async () => {
  world = await goldenWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

/** Splits an answer. `head`: status line and headers, sorted, without values that depend on time. */
const parts = (answer: string): { head: string[]; body: string } => {
  const [head = '', ...body] = answer.replaceAll('\r', '').split('\n\n');
  const lines = head.split('\n').map((line) => line.replace(/^(Date|Content-Length): .*/, '$1'));
  return { head: lines.sort(), body: body.join('\n\n') };
};
/** The field names of a JSON body and the types of its values, in order, nested ones included. */
const fields = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).map(([name, inner]) => [name, fields(inner)])
    : typeof value;

test('answers /healthz and /livez with the headers and fields of the original', async () => {
  const [healthz = '', livez = ''] = recorded('default-healthz.txt').split(/(?=^HTTP)/m);
  for (const [path, wanted] of [['healthz', parts(healthz)] as const, ['livez', parts(livez)] as const]) {
    const answer = parts(world.exec('curl', '-si', `http://127.0.0.1:10256/${path}`));
    expect(answer.head).toEqual(wanted.head);
    expect(fields(JSON.parse(answer.body))).toEqual(fields(JSON.parse(wanted.body)));
  }
});

test('answers at a health check node port exactly like the original', async () => {
  const wanted = recorded('default-hcnp.txt').replace('== :32011\n', '');
  const answer = world.exec('curl', '-si', 'http://127.0.0.1:32011/healthz');
  expect(parts(answer)).toEqual(parts(wanted));
  expect(answer).toContain('Content-Length: 115');
});

test('answers 503 at a health check node port while no local endpoint exists', async () => {
  await using world = await World.create();
  const service: Service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.20',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32_050,
      ports: [{ port: 80, nodePort: 30_080 }],
    },
  };
  const on = (nodeName: string): EndpointSlice => ({
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true }, nodeName }],
  });
  const ask = (port: number): string => world.get(`http://127.0.0.1:${port}/`, '--include');
  const says = (port: number, status: string, localEndpoints: number): Promise<boolean> =>
    world.until(
      `port ${port} answers ${status} with ${localEndpoints}`,
      () => {
        const answer = ask(port);
        return (
          answer.startsWith(`HTTP/1.1 ${status}`) &&
          answer.includes(`X-Load-Balancing-Endpoint-Weight: ${localEndpoints}`) &&
          answer.includes(`"localEndpoints": ${localEndpoints},`)
        );
      },
      () => ask(port),
    );
  await world.change(put.service(service), put.slice(on('n1')));
  await world.startProxy();
  await says(32_050, '200', 1);
  await world.change(put.slice(on('n2')));
  await says(32_050, '503', 0);
  await world.change(put.slice(on('n1')));
  await says(32_050, '200', 1);
  await world.change(put.service({ ...service, spec: { ...service.spec, healthCheckNodePort: 32_051 } }));
  await says(32_051, '200', 1);
  expect(ask(32_050)).toBe('');
  await world.change({ ...put.service(service), remove: true });
  await world.until('the port is closed', () => ask(32_051) === '');
});

/** Address and port of the TCP listeners in the output of `ss`. */
const listeners = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) => / LISTEN .*? ((?:\S+):(?:32011|10249|10256)) /.exec(line)?.[1] ?? [])
    .sort();

test('listens at the same addresses as the original, and honours --nodeport-addresses for health checks', async () => {
  const wanted = listeners(recorded('default-listeners.txt'));
  expect(wanted).toHaveLength(3);
  // The only recorded service with a health check node port has no IPv6.
  await world.until('all ports listen', () => listeners(world.exec('ss', '-lntu')).length >= 3);
  expect(listeners(world.exec('ss', '-lntu'))).toEqual(wanted);
  await using narrow = await goldenWorld('--nodeport-addresses=127.0.0.0/8');
  await narrow.until('the health check node port listens', () =>
    listeners(narrow.exec('ss', '-lntu')).includes('127.0.0.1:32011'),
  );
  expect(listeners(narrow.exec('ss', '-lntu'))).not.toContain('0.0.0.0:32011');
});

test('answers HEAD, other methods and unknown paths like a Go server', async () => {
  const missing = world.exec('curl', '-si', 'http://127.0.0.1:10256/other?x=1');
  expect(missing).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
  expect(missing).toContain('Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n');
  expect(missing).toMatch(/\r\n\r\n404 page not found\n$/);
  expect(world.exec('curl', '-sI', 'http://127.0.0.1:10256/healthz')).toMatch(
    /^HTTP\/1\.1 200 OK\r\n(.*\r\n)*Content-Length: \d+/,
  );
  expect(world.exec('curl', '-s', '-d', 'x', 'http://127.0.0.1:10249/proxyMode')).toBe('iptables');
  expect(world.exec('curl', '-si', 'http://127.0.0.1:10249/debug/pprof/')).toMatch(/^HTTP\/1\.1 404/);
});

test('shows process and kernel metrics, and the configuration at /configz', async () => {
  const metrics = world.get('http://127.0.0.1:10249/metrics');
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(value('kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"}')).toBe(1);
  expect(value('kubeproxy_sync_proxy_rules_iptables_total{ip_family="IPv4",table="nat"}')).toBeGreaterThan(100);
  expect(value('kubeproxy_iptables_ct_state_invalid_dropped_packets_total')).toBe(0);
  const shown = JSON.parse(world.get('http://127.0.0.1:10249/configz'));
  expect(shown['kubeproxy.config.k8s.io']).toMatchObject({
    mode: 'iptables',
    hostnameOverride: 'n1',
    clusterCIDR: '10.200.0.0/15',
    iptables: { masqueradeBit: 14, masqueradeAll: false, localhostNodePorts: true, syncPeriod: '30s' },
    ipvs: { syncPeriod: '0s', excludeCIDRs: null },
    nodePortAddresses: null,
  });
  expect(metrics).toMatch(/^kubernetes_build_info\{.*git_version="v1\..*\} 1$/m);
});

test('measures programming latency, failed restores and health answers', async () => {
  await using world = await World.create();
  const service: Service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.20', ports: [{ port: 80 }] },
  };
  const since = (time: number, ip: string): EndpointSlice => ({
    metadata: {
      name: 'web-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { [lastChangeAnnotation]: new Date(time).toISOString() },
    },
    addressType: 'IPv4',
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
  });
  await world.change(put.service(service), put.slice(since(Date.now() - 60_000, '10.244.1.2')));
  await world.startProxy();
  const told = (): string => world.get('http://127.0.0.1:10249/metrics');
  const value = (name: string): number => Number(new RegExp(`^kubeproxy_${name} (\\S+)$`, 'm').exec(told())?.[1] ?? 0);
  expect(told(), 'changes from before the start of kube-proxy').not.toContain('network_programming');
  expect(told()).not.toMatch(/restore_failures|sync_partial/);
  expect(value('proxy_healthz_total{code="200"}')).toBeGreaterThan(0);
  const failed = join(world.folder, 'failed');
  world.shadow(
    'iptables-restore',
    `#!/bin/sh\nif [ -e ${failed} ]; then exec /usr/sbin/iptables-nft-restore "$@"; fi\ntouch ${failed}\necho "told to fail" >&2\nexit 4\n`,
  );
  await world.change(put.slice(since(Date.now(), '10.244.1.3')));
  await world.until('the change is in the kernel after a failed restore', () =>
    world.save().includes('10.244.1.3:8080'),
  );
  const network = 'network_programming_duration_seconds';
  await world.until('it is counted', () => value(`${network}_count{ip_family="IPv4"}`) === 1, told);
  expect(value(`${network}_sum{ip_family="IPv4"}`)).toBeGreaterThan(0);
  expect(value('sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv4"}')).toBe(1);
  expect(value('sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv4"}')).toBe(1);
  await world.change(put.slice(since(Date.now(), '10.244.1.4')));
  await world.until('one partial sync is counted', () =>
    told().includes('kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1'),
  );
});
