// ipvs mode on a real kernel: endpoints that are removed while in use, repair of damage, flags, and the fallback
// to iptables mode.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, Neighbours, pods } from '../../support/proxy/neighbours.ts';
import { put, World } from '../../support/proxy/world.ts';

const [first, second] = pods.IPv4;
const service = put.service({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    clusterIP: '10.96.0.20',
    ports: [
      { name: 'who', port: 80 },
      { name: 'echo', port: 81 },
      { name: 'echo-too', port: 82 },
      { name: 'dns', port: 80, protocol: 'UDP' },
    ],
  },
});
const slice = (...ips: string[]) =>
  put.slice({
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [
      { name: 'who', port: 8080, protocol: 'TCP' },
      { name: 'echo', port: 8081, protocol: 'TCP' },
      { name: 'echo-too', port: 8081, protocol: 'TCP' },
      { name: 'dns', port: 8080, protocol: 'UDP' },
    ],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'n1' })),
  });
const flags = ['--proxy-mode=ipvs', '--cluster-cidr=10.244.0.0/16'];

/** Real servers of the matching virtual servers, as `address:port weight`. */
const servers = (world: World, virtual: RegExp): string[] =>
  world
    .exec('ipvsadm', '-Sn')
    .split('\n')
    .filter((line) => line.startsWith('-a') && virtual.test(line))
    .map((line) => line.replace(/^.* -r (\S+) .* -w (\d+)$/, '$1 $2'));

/** The kernel state of ipvs mode. */
const everything = (world: World): string[] => [
  ...world.exec('ipvsadm', '-Sn').split('\n').sort(),
  ...world.exec('ipset', 'save').split('\n').sort(),
  ...(world.exec('ip', '-o', 'address', 'show').match(/kube-ipvs0 +inet6? \S+/g) ?? []).sort(),
  ...(world.save().match(/^-A .*$/gm) ?? []),
];

/** How many syncs kube-proxy has logged. */
const syncs = (world: World): number => world.log().match(/SyncProxyRules complete/g)?.length ?? 0;

const isGone = (world: World, virtual: RegExp): boolean =>
  servers(world, virtual).every((line) => line.startsWith(second));

/** Starting a world and its kube-proxy is slow in the virtual machine, so tests share them where they can. */
let lasting: { readonly world: World; readonly around: Neighbours };
let node: World;
beforeAll(async () => {
  const world = await World.create();
  lasting = { world, around: await Neighbours.create(world) };
  node = await World.create();
});
afterAll(async () => {
  await node?.[Symbol.asyncDispose]();
  await lasting?.around[Symbol.asyncDispose]();
  await lasting?.world[Symbol.asyncDispose]();
});

const hold = async ({ around }: typeof lasting, port: number): Promise<ChildProcess> => {
  const holder = around.start('c', 'hold', '10.96.0.20', String(port), '3');
  await once(holder.stderr ?? holder, 'data');
  return holder;
};

test('keeps connections to a removed endpoint, but sends no new ones there', async () => {
  const { world, around } = lasting;
  await world.change(service, slice(first));
  const timeouts = ['--ipvs-tcp-timeout=20m', '--ipvs-tcpfin-timeout=1m', '--ipvs-udp-timeout=30s'];
  await world.startProxy(...flags, '--ipvs-scheduler=lc', '--ipvs-strict-arp', ...timeouts);
  const holder = await hold(lasting, 81);
  await hold(lasting, 82);
  await around.ask('c', 'udp', '10.96.0.20', '80', '1');
  await world.change(slice(second));
  await world.until('the other endpoint is in IPVS', () => servers(world, /:81 /).includes(`${second}:8081 1`));
  expect(servers(world, /:8[12] /).filter((line) => line.endsWith(' 0'))).toEqual(Array(2).fill(`${first}:8081 0`));
  expect(await around.ask('c', 'who', '10.96.0.20', '80', '8')).toEqual(
    Array(8).fill(expect.objectContaining({ at: second })),
  );
  await world.until('the removed endpoint is gone for UDP and for a port without connections', () =>
    [/^-a -u/, /-t \S+:80 /].every((virtual) => isGone(world, virtual)),
  );
  holder.stdin?.end();
  expect(await answerOf(holder)).toEqual({ before: 3, after: 3 });
  expect(isGone(world, /:81 /), 'the endpoint of a closed connection is gone').toBe(false);
  // IPVS remembers a closed connection for two minutes, regardless of flags, but a reset connection only for seconds.
  around.exec('c', 'ss', '-K', 'dst', '10.96.0.20', 'dport', '=', '82');
  expect(isGone(world, /:82 /)).toBe(false);
});

test('sets the scheduler, the timeouts and strict ARP from flags', () => {
  const { world } = lasting;
  expect(world.exec('ipvsadm', '-L', '--timeout')).toContain('1200 60 30');
  expect(world.exec('ipvsadm', '-Sn')).toContain('-A -t 10.96.0.20:80 -s lc');
  const sysctl = (name: string): string => world.exec('cat', `/proc/sys/net/ipv4/conf/all/${name}`).trim();
  expect([sysctl('arp_ignore'), sysctl('arp_announce')]).toEqual(['1', '2']);
});

test('restores each kind of deleted kernel state', async () => {
  await node.change(service, slice(first, second));
  // Checks for damage become rarer when they take long, as in this machine, and after repeated damage.
  const proxy = await node.startProxy(...flags, '--ipvs-sync-period=2s');
  const whole = everything(node);
  for (const damage of [
    'ipvsadm -C',
    `ipvsadm -d -t 10.96.0.20:80 -r ${first}:8080`,
    'ip link delete kube-ipvs0',
    'ipset flush KUBE-CLUSTER-IP',
    'iptables -t nat -F KUBE-SERVICES',
  ]) {
    // Stopped, so that nothing is restored before it is looked at.
    proxy.kill('SIGSTOP');
    const before = syncs(node);
    node.exec(...damage.split(' '));
    expect(everything(node), damage).not.toEqual(whole);
    proxy.kill('SIGCONT');
    await node.until(
      `the state deleted by ${damage} is back`,
      // Listing everything is slow, so look after a sync only.
      () => syncs(node) > before && JSON.stringify(everything(node)) === JSON.stringify(whole),
      () => everything(node).join('\n'),
    );
  }
});

/** So many that the kernel prints them in several pieces. */
const many = Array.from({ length: 100 }, (_, index) => `s${index}`);
const manyObjects = many.flatMap((name, index) => [
  put.service({
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: `10.96.1.${index + 1}`, ports: [{ port: 80 }] },
  }),
  put.slice({
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [first], conditions: { ready: true } }],
  }),
]);

test('programs each of two nodes that share a kernel, whatever the other one has', async () => {
  await using other = await World.create();
  await node.change(...manyObjects);
  await other.change(...manyObjects);
  await other.startProxy(...flags);
  for (const world of [node, other])
    await world.until('all servers are there', () => servers(world, / 10\.96\.1\./).length === many.length);
  const whole = everything(node);
  node.exec('ipvsadm', '-D', '-t', '10.96.1.70:80');
  await node.until('the deleted server is back', () => JSON.stringify(everything(node)) === JSON.stringify(whole));
  for (const world of [node, other]) expect(world.log()).not.toMatch(/Failed to sync/);
});

test('falls back to iptables mode when the kernel lacks the scheduler, and logs the reason', async () => {
  await node.reset();
  await node.change(service, slice(first));
  await node.startProxy('--proxy-mode=ipvs', '--ipvs-scheduler=nonesuch');
  expect(node.get('http://127.0.0.1:10249/proxyMode')).toBe('iptables');
  expect(node.log()).toMatch(/falling back to iptables.*no scheduler \\"nonesuch\\"/);
  expect(node.save()).toContain(`--to-destination ${first}:8080`);
});

test('removes an endpoint after IPVS has forgotten its last connection', async () => {
  const { world } = lasting;
  await world.until(
    'the endpoint of the reset connection is gone',
    () => isGone(world, /:82 /),
    () => world.exec('ipvsadm', '-Ln') + world.exec('ipvsadm', '-Lnc'),
  );
  expect(servers(world, /:82 /)).toEqual([`${second}:8081 1`]);
});
