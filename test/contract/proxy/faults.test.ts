// What goes wrong around kube-proxy: the API server away, kills in the middle of work, tools that fail.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
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

test('an API server that comes up later is found, by one who has asked in vain again and again', async () => {
  await using world = await World.create();
  await world.stopApi();
  await world.launchProxy(...flags);
  // Only every tenth attempt or less is worth a line.
  const lines = (): number => world.log().match(/The API server does not answer yet/g)?.length ?? 0;
  await world.until('it has tried eleven times', () => lines() === 2);
  expect(world.healthCode()).not.toBe(200);
  await world.startApi();
  await world.change(service(1), slice(1, 2));
  await world.until('the rules are there', () => world.save().includes('--to-destination 10.244.1.2:8080'));
  await world.until('kube-proxy is healthy', () => world.healthCode() === 200);
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

/** Puts an iptables-restore in the way that keeps what it is to write, writes the first tables of it, and kills who called it. */
const killAfterTables = (world: World, count: number): void =>
  world.shadow(
    'iptables-restore',
    `#!/bin/sh
case " $* " in *" --counters "*) ;; *) exec ${restore} "$@" ;; esac
cat > ${world.folder}/input
awk '{ print } /^COMMIT/ && ++tables == ${count} { exit }' ${world.folder}/input | ${restore} "$@"
kill -9 $PPID
`,
  );

test('killed again and again in the middle of work, the next one puts everything right', async () => {
  await using world = await World.create();
  const all = Array.from({ length: 60 }, (_, index) => index);
  await world.change(...all.map(service), ...all.map((index) => slice(index, 2, 3)));
  // How many tables each may write: mangle is there after the first, and who finds filter's chains writes those first and last.
  const rounds = [1, 1, 2, 1];
  for (const [round, written] of rounds.entries()) {
    killAfterTables(world, written);
    const proxy = await world.launchProxy(...flags);
    await world.until(
      'it is killed',
      () => proxy.signalCode === 'SIGKILL',
      () => world.log(),
    );
    const tables = readFileSync(join(world.folder, 'input'), 'utf8').match(/^COMMIT$/gm);
    expect(tables?.length, 'tables that were to be written').toBeGreaterThan(written);
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

test('what the API server lists while kube-proxy still looks at the machine is not missed', async () => {
  await using world = await World.create();
  world.shadow('ip6tables', '#!/bin/sh\nsleep 0.7\nexec /usr/sbin/ip6tables-nft "$@"\n');
  await world.change(service(1), slice(1, 2));
  await world.startProxy(...flags);
  expect(world.save()).toContain('--to-destination 10.244.1.2:8080');
});

test('an iptables-restore that is slow only delays', async () => {
  await using world = await World.create();
  world.shadow('iptables-restore', `#!/bin/sh\nsleep 0.5\nexec ${restore} "$@"\n`);
  await world.startProxy(...flags);
  for (const host of [2, 3, 4]) await world.change(service(1), slice(1, host));
  await world.until('the last endpoint is there', () => world.save().includes('--to-destination 10.244.1.4:8080'));
  expect(world.save().match(/--to-destination/g)).toHaveLength(1);
});

test('an iptables-restore that fails is tried again, and said in the log', async () => {
  await using world = await World.create();
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

test.each([
  ['forward', 86_400],
  ['back', -86_400],
])(
  'the wall clock jumps a day %s: changes still arrive, damage is still mended, nothing looks stale',
  async (_to, seconds) => {
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
    writeFileSync(clock, String(seconds));
    const { currentTime } = JSON.parse(world.get('http://127.0.0.1:10256/healthz')) as { currentTime: string };
    expect(Math.abs(Date.parse(currentTime) - Date.now()), 'the clock did jump').toBeGreaterThan(80_000_000);
    await world.change(slice(1, 3));
    await world.until('the new endpoint is there', () => world.save().includes('--to-destination 10.244.1.3:8080'));
    world.exec('iptables', '-t', 'nat', '-F', 'KUBE-SERVICES');
    await world.until('the rule is back', () => world.save().includes('-A KUBE-SERVICES -d 10.96.1.1/32'));
    expect(world.healthCode()).toBe(200);
  },
);
