// ipvs mode through its life on a real kernel: endpoints that go while they are in use, damage, other modes before and after it.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../../src/kit/eventually.ts';
import { answerOf, Neighbours, pods } from '../../contract/proxy/neighbours.ts';
import { kubeProxy, put, World } from '../../contract/proxy/world.ts';

const [first, second] = pods.IPv4;
const service = put.service({
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    clusterIP: '10.96.0.20',
    ports: [
      { name: 'who', port: 80 },
      { name: 'echo', port: 81 },
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
      { name: 'dns', port: 8080, protocol: 'UDP' },
    ],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'n1' })),
  });
const flags = ['--proxy-mode=ipvs', '--cluster-cidr=10.244.0.0/16'];

/** Real servers as `address:port weight`, of the virtual servers that match. */
const servers = (world: World, virtual: RegExp): string[] =>
  world
    .exec('ipvsadm', '-Sn')
    .split('\n')
    .filter((line) => line.startsWith('-a') && virtual.test(line))
    .map((line) => line.replace(/^.* -r (\S+) .* -w (\d+)$/, '$1 $2'));

/** All that ipvs mode has in the kernel. */
const everything = (world: World): string[] => [
  ...world.exec('ipvsadm', '-Sn').split('\n').sort(),
  ...world.exec('ipset', 'save').split('\n').sort(),
  ...(world.exec('ip', '-o', 'address', 'show').match(/kube-ipvs0 +inet6? \S+/g) ?? []).sort(),
  ...(world.save().match(/^-A .*$/gm) ?? []),
];

const isGone = (world: World, virtual: RegExp): boolean =>
  servers(world, virtual).every((line) => line.startsWith(second));

/** Of the first test, and looked at once more by the last. */
let lasting: { readonly world: World; readonly around: Neighbours };
beforeAll(async () => {
  const world = await World.create();
  lasting = { world, around: await Neighbours.create(world) };
});
afterAll(async () => {
  await lasting?.around[Symbol.asyncDispose]();
  await lasting?.world[Symbol.asyncDispose]();
});

test('a connection outlives its endpoint, which gets no new ones', async () => {
  const { world, around } = lasting;
  await world.change(service, slice(first));
  await world.startProxy(...flags);
  const holder = around.start('c', 'hold', '10.96.0.20', '81', '3');
  await once(holder.stderr ?? holder, 'data');
  await around.ask('c', 'udp', '10.96.0.20', '80', '1');
  await world.change(slice(second));
  await world.until('the other endpoint is there', () => servers(world, /:81 /).includes(`${second}:8081 1`));
  expect(servers(world, /:81 /)).toContain(`${first}:8081 0`);
  expect(await around.ask('c', 'who', '10.96.0.20', '80', '8')).toEqual(
    Array(8).fill(expect.objectContaining({ at: second })),
  );
  await world.until('UDP, which has no end, and a port without connections do not keep it', () =>
    [/^-a -u/, /-t \S+:80 /].every((virtual) => isGone(world, virtual)),
  );
  holder.stdin?.end();
  expect(await answerOf(holder)).toEqual({ before: 3, after: 3 });
  expect(isGone(world, /:81 /)).toBe(false);
});

test('an endpoint whose connections were reset goes within a minute', async () => {
  await using world = await World.create();
  await using around = await Neighbours.create(world);
  await world.change(service, slice(first));
  await world.startProxy(...flags);
  const holder = around.start('c', 'hold', '10.96.0.20', '81', '3');
  await once(holder.stderr ?? holder, 'data');
  await world.change(slice(second));
  await world.until('the endpoint gets no new connections', () => servers(world, /:81 /).includes(`${first}:8081 0`));
  around.exec('c', 'ss', '-K', 'dst', '10.96.0.20');
  await world.until(
    'the endpoint is gone',
    () => isGone(world, /:81 /),
    () => world.exec('ipvsadm', '-Ln'),
  );
});

test('what somebody takes away comes back, whatever it is', async () => {
  await using world = await World.create();
  await world.change(service, slice(first, second));
  // Looks are rarer the longer they take, which is long in here, and the oftener somebody has taken something away.
  await world.startProxy(...flags, '--ipvs-sync-period=2s');
  const whole = everything(world);
  for (const damage of [
    'ipvsadm -C',
    `ipvsadm -d -t 10.96.0.20:80 -r ${first}:8080`,
    'ip link delete kube-ipvs0',
    'ipset flush KUBE-CLUSTER-IP',
    'iptables -t nat -F KUBE-SERVICES',
  ]) {
    world.exec(...damage.split(' '));
    expect(everything(world), damage).not.toEqual(whole);
    await world.until(
      `what went by ${damage} is back`,
      () => JSON.stringify(everything(world)) === JSON.stringify(whole),
      () => everything(world).join('\n'),
    );
  }
});

test('what is not ours survives a switch to and from iptables mode, and --cleanup; nothing of ours does', async () => {
  await using world = await World.create();
  for (const line of [
    'ipvsadm -A -t 192.0.2.1:80 -s wrr',
    'ipset create others hash:ip',
    'iptables -t nat -A PREROUTING -s 192.0.2.9 -j RETURN',
  ])
    world.exec(...line.split(' '));
  const before = everything(world);
  await world.change(service, slice(first, second));
  let inIptables: string | undefined;
  for (const mode of ['iptables', 'ipvs', 'iptables']) {
    const flag = [`--proxy-mode=${mode}`, '--ipvs-exclude-cidrs=192.0.2.0/24', '--cluster-cidr=10.244.0.0/16'];
    const proxy = await world.startProxy(...flag);
    if (mode === 'ipvs') expect(servers(world, /:80 /).length).toBe(4);
    else {
      const isBare = () => !everything(world).some((line) => /10\.96\.0\.20:|KUBE-CLUSTER-IP|kube-ipvs0/.test(line));
      await world.until('nothing of ipvs mode is left', isBare, () => everything(world).join('\n'));
      const rules = everything(world).toSorted().join('\n');
      inIptables ??= rules;
      expect(rules).toBe(inIptables);
    }
    await world.stop(proxy);
  }
  world.exec(process.execPath, kubeProxy, '--cleanup');
  expect(everything(world)).toEqual(before);
});

test('a scheduler and timeouts of choice, and strict ARP', async () => {
  await using world = await World.create();
  await world.change(service, slice(first));
  const timeouts = ['--ipvs-tcp-timeout=20m', '--ipvs-tcpfin-timeout=1m', '--ipvs-udp-timeout=30s'];
  await world.startProxy(...flags, '--ipvs-scheduler=lc', '--ipvs-strict-arp', ...timeouts);
  expect(world.exec('ipvsadm', '-L', '--timeout')).toContain('1200 60 30');
  expect(world.exec('ipvsadm', '-Sn')).toContain('-A -t 10.96.0.20:80 -s lc');
  const sysctl = (name: string): string => world.exec('cat', `/proc/sys/net/ipv4/conf/all/${name}`).trim();
  expect([sysctl('arp_ignore'), sysctl('arp_announce')]).toEqual(['1', '2']);
});

test('where the kernel has no such scheduler, iptables mode stands in and says why', async () => {
  await using world = await World.create();
  await world.change(service, slice(first));
  await world.startProxy('--proxy-mode=ipvs', '--ipvs-scheduler=nonesuch');
  expect(world.get('http://127.0.0.1:10249/proxyMode')).toBe('iptables');
  expect(world.log()).toMatch(/falling back to iptables.*no scheduler \\"nonesuch\\"/);
  expect(world.save()).toContain(`--to-destination ${first}:8080`);
});

// No timeout of IPVS that can be set is that of a connection closed by both sides, so this one comes last, when most of it is over.
test('an endpoint whose last connection was closed goes once IPVS has forgotten that, which takes two minutes', async () => {
  const { world } = lasting;
  const look = async () => {
    const seen = world.exec('ipvsadm', '-Ln') + world.exec('ipvsadm', '-Lnc');
    return isGone(world, /:81 /) ? ({ done: true, value: undefined } as const) : ({ done: false, seen } as const);
  };
  await eventually('the endpoint is gone', look, { timeoutMs: 170_000, intervalMs: 1000 });
  expect(servers(world, /:81 /)).toEqual([`${second}:8081 1`]);
});
