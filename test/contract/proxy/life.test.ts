// kube-proxy in iptables mode as a student meets it: changing services, damaged rules, restarts, kills and --cleanup.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Service } from '../../../src/api/core.ts';
import type { EndpointSlice } from '../../../src/api/discovery.ts';
import { parseRuleset } from '../../../src/dataplane/parse.ts';
import { trace } from '../../../src/dataplane/trace.ts';
import { kubeProxy, put, World } from '../../support/proxy/world.ts';

const db: Service = {
  metadata: { name: 'db-service', namespace: 'default' },
  spec: { clusterIP: '10.103.132.104', ports: [{ port: 3306, targetPort: 3306 }] },
};
const dbSlice = (...ips: string[]): EndpointSlice => ({
  metadata: {
    name: 'db-service-x',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'db-service' },
  },
  addressType: 'IPv4',
  ports: [{ name: '', protocol: 'TCP', port: 3306 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true }, nodeName: 'n2' })),
});
const dnat = (ip: string): string => `--to-destination ${ip}:3306`;
const flags = ['--cluster-cidr=10.244.0.0/16'];

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.reset());
afterAll(() => world?.[Symbol.asyncDispose]());

test('adds and removes the rules of a service, with a log line for each', async () => {
  await world.startProxy(...flags);
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  await world.until('the rule is there', () => world.save('iptables-save', '-t', 'nat').includes(dnat('10.244.1.2')));
  expect(world.log()).toMatch(
    /^I\d{4} [\d:.]+ +\d+ servicechangetracker\.go:202\] "Adding new service port" portName="default\/db-service" servicePort="10\.103\.132\.104:3306\/TCP"$/m,
  );
  expect(world.log()).toMatch(/server_linux\.go:137\] "Using iptables Proxier"/);
  await world.change({ ...put.service(db), remove: true });
  await world.until('the rules are gone', () => !world.save('iptables-save', '-t', 'nat').includes('db-service'));
  expect(world.log()).toMatch(/"Removing service port" portName="default\/db-service"/);
  expect(world.save('iptables-save', '-t', 'nat')).not.toMatch(/KUBE-(SVC|SEP)-/);
});

test('keeps a manipulated rule until a restart, which repairs it', async () => {
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  const proxy = await world.startProxy(...flags, '--iptables-sync-period=1s');
  const clean = world.save('iptables-save', '-t', 'nat');
  const [, sep = ''] = /(KUBE-SEP-\w+) .*DNAT/.exec(clean) ?? [];
  const wrong = ['-p', 'tcp', '-m', 'tcp', '-j', 'DNAT', '--to-destination', '10.244.1.99:3306'];
  world.exec('iptables', '-t', 'nat', '-R', sep, '2', ...wrong);
  world.exec('iptables', '-t', 'nat', '-A', 'POSTROUTING', '-s', '192.0.2.1', '-j', 'RETURN');
  // A change of another service must not repair the rule.
  const other = { ...db, metadata: { ...db.metadata, name: 'other' }, spec: { ...db.spec, clusterIP: '10.96.0.77' } };
  await world.change(put.service(other));
  await world.until('the other service has its rule', () =>
    world.save('iptables-save', '-t', 'filter').includes('default/other'),
  );
  expect(world.save('iptables-save', '-t', 'nat')).toContain(dnat('10.244.1.99'));
  await world.stop(proxy);
  await world.startProxy(...flags);
  const mended = world.save('iptables-save', '-t', 'nat');
  expect(mended).toContain(dnat('10.244.1.2'));
  expect(mended).not.toContain(dnat('10.244.1.99'));
  expect(mended, 'a foreign rule stays').toContain('-A POSTROUTING -s 192.0.2.1/32 -j RETURN');
  expect(mended.match(/-A PREROUTING/g)).toHaveLength(1);
});

test('removes the rules of a service that was deleted while kube-proxy was down', async () => {
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  const proxy = await world.startProxy(...flags);
  await world.stop(proxy, 'SIGKILL');
  await world.change({ ...put.service(db), remove: true });
  expect(world.save('iptables-save', '-t', 'nat')).toContain('db-service');
  await world.startProxy(...flags);
  expect(world.save('iptables-save', '-t', 'nat')).not.toMatch(/db-service|KUBE-S(VC|EP)-/);
});

test('runs a full sync when a change fails because somebody deleted a rule of kube-proxy', async () => {
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  await world.startProxy(...flags);
  world.exec('iptables', '-t', 'nat', '-F', 'KUBE-SERVICES');
  await world.change({ ...put.service(db), remove: true });
  await world.until('the rules are gone', () => !world.save().includes('db-service'));
  expect(world.save()).toContain('NOTE: this must be the last rule in this chain');
});

test('--cleanup removes all rules of kube-proxy in both families, and no others', async () => {
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  world.exec('iptables', '-A', 'INPUT', '-s', '192.0.2.1', '-j', 'ACCEPT');
  const proxy = await world.startProxy(...flags);
  await world.stop(proxy);
  world.exec(process.execPath, kubeProxy, '--cleanup');
  for (const tool of ['iptables-save', 'ip6tables-save']) expect(world.save(tool)).not.toContain('KUBE-');
  expect(world.save()).toContain('-A INPUT -s 192.0.2.1/32 -j ACCEPT');
});

test('serves health, liveness, mode, configuration and metrics over HTTP', async () => {
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  await world.startProxy(...flags);
  expect(world.healthCode('/livez')).toBe(200);
  expect(JSON.parse(world.get('http://127.0.0.1:10256/healthz'))).toMatchObject({ healthy: true, nodeEligible: true });
  expect(world.get('http://127.0.0.1:10249/proxyMode')).toBe('iptables');
  expect(world.get('http://127.0.0.1:10249/configz')).toContain('10.244.0.0/16');
  expect(world.get('http://127.0.0.1:10249/metrics')).toMatch(
    /^kubeproxy_sync_full_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} 1$/m,
  );
});

test('exits when its config file was edited, but only logs a mistake in it', async () => {
  const path = join(world.folder, 'config.yaml');
  const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
  writeFileSync(path, `${head}clusterCIDR: 10.244.0.0/16\n`);
  const proxy = await world.startProxy(`--config=${path}`);
  writeFileSync(path, `${head}clusterCidr: 10.244.0.0/16\n`);
  await world.until('the mistake is in the log', () => world.log().includes('unknown field'));
  expect(proxy.exitCode).toBe(null);
  writeFileSync(path, `${head}clusterCIDR: 10.245.0.0/16\n`);
  await world.until('kube-proxy has exited', () => proxy.exitCode !== null);
  expect(proxy.exitCode).toBe(1);
});

test('writes rules of both families for a dual-stack service, with session affinity and rejections', async () => {
  const port = { name: 'p', port: 80, nodePort: 30080 };
  const spec = { type: 'NodePort' as const, clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20', 'fd00:96::20'] };
  const web: Service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: { ...spec, ports: [port], sessionAffinity: 'ClientIP', externalIPs: ['2001:db8::9'] },
  };
  const none: Service = {
    metadata: { name: 'none', namespace: 'default' },
    spec: { clusterIP: 'fd00:96::21', ports: [{ port: 80 }] },
  };
  const slice: EndpointSlice = {
    metadata: { name: 'web-6', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv6',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: ['fd00:244::7', 'fd00:244::8'].map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
  };
  await world.change(put.service(web), put.service(none), put.slice(slice));
  await world.startProxy('--cluster-cidr=10.244.0.0/16,fd00:244::/64');
  const rules = parseRuleset(world.save('ip6tables-save'));
  const landings = (from: string, to: string) =>
    trace(rules, { from, to }, { localAddresses: ['fd00::1'], recent: () => [] });
  expect(landings('fd00:244::5', '[fd00:96::20]:80').map(({ lands }) => lands)).toEqual([
    '[fd00:244::7]:8080',
    '[fd00:244::8]:8080',
  ]);
  expect(landings('2001:db8::1', '[2001:db8::9]:80')[0]).toMatchObject({ masq: true, fate: 'accepted' });
  expect(landings('2001:db8::1', '[fd00::1]:30080')).toHaveLength(2);
  expect(landings('fd00:244::5', '[fd00:96::21]:80')).toMatchObject([
    { fate: 'rejected', rejectWith: 'icmp6-port-unreachable' },
  ]);
  // The service has no IPv4 endpoints.
  expect(world.save('iptables-save')).toMatch(/10\.96\.0\.20\/32 .*has no endpoints/);
});

test('falls back from ipvs to iptables mode when the kernel has no ip_vs, and logs the reason', async () => {
  world.shadow('ipvsadm', '#!/bin/sh\necho "Can\'t initialize ipvs: Protocol not available" >&2\nexit 1\n');
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  await world.startProxy(...flags, '--proxy-mode=ipvs');
  expect(world.get('http://127.0.0.1:10249/proxyMode')).toBe('iptables');
  expect(world.log()).toMatch(/^E.*Can't use the IPVS proxier, falling back to iptables.*ip_vs/m);
  expect(world.save()).toContain(dnat('10.244.1.2'));
});

test('opens node ports at addresses of links that are down or have no carrier', async () => {
  for (const line of [
    'link add br0 type bridge',
    'link set br0 up',
    'address add 192.0.2.1/28 dev br0',
    'link add d0 type bridge',
    'address add 192.0.2.17/28 dev d0',
    // Outside --nodeport-addresses.
    'address add 198.51.100.1/24 dev d0',
  ])
    world.exec('ip', ...line.split(' '));
  await world.startProxy(...flags, '--nodeport-addresses=192.0.2.0/24');
  const ways = () => world.save('iptables-save', '-t', 'nat').match(/^-A KUBE-SERVICES .*-j KUBE-NODEPORTS$/gm) ?? [];
  const places = () => ways().map((rule) => / -d (\S+)/.exec(rule)?.[1]);
  expect(places()).toEqual(['192.0.2.1/32', '192.0.2.17/32']);
  world.exec('ip', 'address', 'add', '192.0.2.18/28', 'dev', 'd0');
  await world.change(put.service(db), put.slice(dbSlice('10.244.1.2')));
  await world.until('the added address is in the rules', () => places().includes('192.0.2.18/32'));
});
