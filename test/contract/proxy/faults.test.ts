// Faults around kube-proxy: an unreachable API server, kills in the middle of a sync, failing tools, a jumping clock.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { makeFolder, put, World } from '../../support/proxy/world.ts';

const flags = ['--cluster-cidr=10.244.0.0/16'];
const restore = '/usr/sbin/iptables-nft-restore';
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

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterEach(() => world.reset());
afterAll(() => world?.[Symbol.asyncDispose]());

test('connects to an API server that starts after many failed attempts', async () => {
  await world.stopApi();
  await world.launchProxy(...flags);
  // kube-proxy logs only every tenth failed attempt.
  const lines = (): number => world.log().match(/The API server does not answer yet/g)?.length ?? 0;
  await world.until('eleven attempts failed', () => lines() === 2);
  expect(world.healthCode()).not.toBe(200);
  await world.startApi();
  await world.change(service(1), slice(1, 2));
  await world.until('the rules are there', () => world.save().includes('--to-destination 10.244.1.2:8080'));
  await world.until('kube-proxy is healthy', () => world.healthCode() === 200);
});

test('keeps the rules while the API server is down, and updates them afterwards', async () => {
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  await world.stopApi();
  await world.until('kube-proxy logged the broken watch', () => world.log().includes('List and watch failed'));
  expect(world.save()).toContain('--to-destination 10.244.1.2:8080');
  expect(world.healthCode()).toBe(200);
  await world.startApi();
  await world.change(service(1), slice(1, 3));
  await world.until('the new endpoint is there', () => world.save().includes('--to-destination 10.244.1.3:8080'));
  expect(world.save()).not.toContain('--to-destination 10.244.1.2:8080');
});

/** Shadows iptables-restore: saves the input, writes only its first `count` tables, and kills the caller. */
const killAfterTables = (count: number): void =>
  world.shadow(
    'iptables-restore',
    `#!/bin/sh
case " $* " in *" --counters "*) ;; *) exec ${restore} "$@" ;; esac
cat > ${world.folder}/input
awk '{ print } /^COMMIT/ && ++tables == ${count} { exit }' ${world.folder}/input | ${restore} "$@"
kill -9 $PPID
`,
  );

test('restores all rules after repeated kills in the middle of a sync', async () => {
  const all = Array.from({ length: 60 }, (_, index) => index);
  await world.change(...all.map(service), ...all.map((index) => slice(index, 2, 3)));
  // How many tables each kube-proxy writes before it is killed. After the first round, mangle is complete.
  // A kube-proxy that finds chains in filter writes filter twice: first and last.
  const rounds = [1, 1, 2, 1];
  for (const [round, written] of rounds.entries()) {
    killAfterTables(written);
    const proxy = await world.launchProxy(...flags);
    await world.until(
      'kube-proxy was killed',
      () => proxy.signalCode === 'SIGKILL',
      () => world.log(),
    );
    const tables = readFileSync(join(world.folder, 'input'), 'utf8').match(/^COMMIT$/gm);
    expect(tables?.length, 'tables in the input').toBeGreaterThan(written);
    await world.change({ ...service(10 + round), remove: true }, slice(1, 100 + round));
  }
  world.shadow('iptables-restore', `#!/bin/sh\nexec ${restore} "$@"\n`);
  await world.startProxy(...flags);
  const saved = world.save('iptables-save', '-t', 'nat');
  expect(saved.match(/cluster IP" -m tcp --dport 80 -j KUBE-SVC/g)).toHaveLength(all.length - rounds.length);
  expect(saved.match(/--to-destination 10\.244\.1\.\d+:8080/g)).toEqual(['--to-destination 10.244.1.103:8080']);
  const made = new Set([...saved.matchAll(/^:(KUBE-(?:SVC|SEP)-\w+)/gm)].map(([, name]) => name));
  const used = new Set([...saved.matchAll(/-j (KUBE-(?:SVC|SEP)-\w+)/g)].map(([, name]) => name));
  expect(used).toEqual(made);
});

test('applies objects that were listed while kube-proxy was still inspecting the machine', async () => {
  world.shadow('ip6tables', '#!/bin/sh\nsleep 0.7\nexec /usr/sbin/ip6tables-nft "$@"\n');
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  expect(world.save()).toContain('--to-destination 10.244.1.2:8080');
});

test('reaches the last state with a slow iptables-restore', async () => {
  world.shadow('iptables-restore', `#!/bin/sh\nsleep 0.5\nexec ${restore} "$@"\n`);
  await world.startProxy(...flags);
  for (const host of [2, 3, 4]) await world.change(service(1), slice(1, host));
  await world.until('the last endpoint is there', () => world.save().includes('--to-destination 10.244.1.4:8080'));
  expect(world.save().match(/--to-destination/g)).toHaveLength(1);
});

test('logs a failed iptables-restore and retries it', async () => {
  const flag = join(world.folder, 'mended');
  const real = `[ -e ${flag} ] && exec ${restore} "$@"`;
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

test('keeps syncing, repairing and reporting healthy when the wall clock jumps a day forward and back', async () => {
  const folder = makeFolder();
  const clock = join(folder, 'clock');
  vi.stubEnv('TEST_CLOCK', clock);
  vi.stubEnv('NODE_OPTIONS', `--require=${join(import.meta.dirname, 'jumping-clock.cjs')}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  await using world = await World.create();
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  for (const [seconds, host] of [
    [86_400, 3],
    [-86_400, 4],
  ] as const) {
    writeFileSync(clock, String(seconds));
    const { currentTime } = JSON.parse(world.get('http://127.0.0.1:10256/healthz')) as { currentTime: string };
    expect(Math.abs(Date.parse(currentTime) - Date.now()), 'clock offset').toBeGreaterThan(80_000_000);
    await world.change(slice(1, host));
    const rule = `--to-destination 10.244.1.${host}:8080`;
    await world.until('the new endpoint is there', () => world.save().includes(rule));
    world.exec('iptables', '-t', 'nat', '-F', 'KUBE-SERVICES');
    await world.until('the rule is back', () => world.save().includes('-A KUBE-SERVICES -d 10.96.1.1/32'));
    expect(world.healthCode()).toBe(200);
  }
});
