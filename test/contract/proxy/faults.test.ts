// What goes wrong around kube-proxy: the API server away, kills in the middle of work, tools that fail.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { put, World } from './world.ts';

const flags = ['--cluster-cidr=10.244.0.0/16'];
const service = (index: number) =>
  put.service({
    metadata: { name: `s${index}`, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index}`, ports: [{ name: 'p', port: 80 }] },
  });
const slice = (index: number, ...hosts: number[]) =>
  put.slice({
    metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: hosts.map((host) => ({ addresses: [`10.244.${index}.${host}`], conditions: { ready: true } })),
  });

test('an API server that comes up later is found within a fraction of a second', async () => {
  await using world = await World.create();
  await world.stopApi();
  await world.launchProxy(...flags);
  await world.until('it has tried in vain', () => world.log().includes('The API server does not answer yet'));
  expect(world.healthCode()).not.toBe(200);
  await world.startApi();
  const started = performance.now();
  await world.until('kube-proxy is healthy', () => world.healthCode() === 200);
  expect(performance.now() - started).toBeLessThan(5000);
});

test('rules stay while the API server is away, and follow it when it is back', async () => {
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  await world.stopApi();
  await world.until('the watch is known to be broken', () => world.log().includes('List and watch failed'));
  expect(world.save()).toContain('--to-destination 10.244.1.2:8080');
  expect(world.healthCode()).toBe(200);
  await world.startApi();
  await world.change(service(1), slice(1, 3));
  await world.until('the new endpoint is there', () => world.save().includes('--to-destination 10.244.1.3:8080'));
  expect(world.save()).not.toContain('--to-destination 10.244.1.2:8080');
});

test('killed again and again in the middle of work, the next one puts everything right', async () => {
  await using world = await World.create();
  const all = Array.from({ length: 60 }, (_, index) => index);
  await world.change(...all.map(service), ...all.map((index) => slice(index, 2, 3)));
  for (const delay of [120, 150, 180, 210, 240]) {
    const proxy = await world.launchProxy(...flags);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await world.stop(proxy, 'SIGKILL');
    await world.change({ ...service(delay % 60), remove: true }, slice(1, delay));
  }
  await world.startProxy(...flags);
  const saved = world.save('iptables-save', '-t', 'nat');
  expect(saved.match(/cluster IP" -m tcp --dport 80 -j KUBE-SVC/g)).toHaveLength(60 - 2);
  expect(saved).toContain('--to-destination 10.244.1.240:8080');
  expect(saved).not.toContain('--to-destination 10.244.1.210:8080');
  const made = new Set([...saved.matchAll(/^:(KUBE-(?:SVC|SEP)-\w+)/gm)].map(([, name]) => name));
  const used = new Set([...saved.matchAll(/-j (KUBE-(?:SVC|SEP)-\w+)/g)].map(([, name]) => name));
  expect(used).toEqual(made);
});

test('what the API server lists while kube-proxy still looks at the machine is not missed', async () => {
  await using world = await World.create();
  world.shadow('ip6tables', '#!/bin/sh\nsleep 0.7\nexec /usr/sbin/ip6tables-nft "$@"\n');
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  expect(world.save()).toContain('--to-destination 10.244.1.2:8080');
});

test('an iptables-restore that is slow only delays', async () => {
  await using world = await World.create();
  world.shadow('iptables-restore', '#!/bin/sh\nsleep 0.5\nexec /usr/sbin/iptables-nft-restore "$@"\n');
  await world.startProxy(...flags);
  for (const host of [2, 3, 4]) await world.change(service(1), slice(1, host));
  await world.until('the last endpoint is there', () => world.save().includes('--to-destination 10.244.1.4:8080'));
  expect(world.save().match(/--to-destination/g)).toHaveLength(1);
});

test('an iptables-restore that fails is tried again, and said in the log', async () => {
  await using world = await World.create();
  const flag = join(world.folder, 'mended');
  const real = `[ -e ${flag} ] && exec /usr/sbin/iptables-nft-restore "$@"`;
  world.shadow('iptables-restore', `#!/bin/sh\n${real}\necho "told to fail" >&2\nexit 4\n`);
  await world.change(service(1), slice(1, 2));
  await world.launchProxy(...flags);
  await world.until('the failure is in the log', () =>
    /E\d{4} .*"Failed to sync iptables rules".*told to fail/.test(world.log()),
  );
  expect(world.healthCode()).toBe(503);
  writeFileSync(flag, '');
  await world.until('the rules are there', () => world.save().includes('--to-destination 10.244.1.2:8080'));
});

test.each([
  ['forward', 86_400],
  ['back', -86_400],
])(
  'the wall clock jumps a day %s: changes still arrive, damage is still mended, nothing looks stale',
  async (_to, seconds) => {
    const clock = join(mkdtempSync(join(tmpdir(), 'labs-clock-')), 'clock');
    vi.stubEnv('TEST_CLOCK', clock);
    vi.stubEnv('NODE_OPTIONS', `--require=${join(import.meta.dirname, 'jumping-clock.cjs')}`);
    await using world = await World.create();
    vi.unstubAllEnvs();
    await world.change(service(1), slice(1, 2));
    await world.startProxy(...flags);
    writeFileSync(clock, String(seconds));
    const { currentTime } = JSON.parse(world.get('http://127.0.0.1:10256/healthz')) as { currentTime: string };
    expect(Math.abs(Date.parse(currentTime) - Date.now()), 'the clock did jump').toBeGreaterThan(80_000_000);
    await world.change(slice(1, 3));
    await world.until('the new endpoint is there', () => world.save().includes('--to-destination 10.244.1.3:8080'));
    world.exec('iptables', '-t', 'nat', '-F', 'KUBE-SERVICES');
    await world.until('the rule is back', () => world.save().includes('-A KUBE-SERVICES -d 10.96.1.1/32'));
    expect(world.healthCode()).toBe(200);
    rmSync(dirname(clock), { recursive: true });
  },
);
