// Userspace mode: real connections that end at kube-proxy and go on from there, through the real kernel.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import { answerOf, client, type Family, Neighbours, nodeAddress, pods } from './neighbours.ts';
import { put, World } from './world.ts';

interface Answer {
  readonly at?: string;
  readonly from?: string;
  readonly error?: string;
}

const serviceIp = { IPv4: '10.96.0.20', IPv6: 'fd00:96::20' } as const;
const families: readonly Family[] = ['IPv4', 'IPv6'];
const targetPorts = { who: 8080, echo: 8081, digest: 8082, reset: 8083 } as const;
let world: World;
let around: Neighbours;

beforeEach(async () => {
  world = await World.create();
  around = await Neighbours.create(world);
});
afterEach(async () => {
  await around[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** One service with a port for each thing that the pods' servers can do. */
const ports: ServiceSpec['ports'] = [
  { name: 'who', port: 80, nodePort: 30080 },
  { name: 'echo', port: 81, nodePort: 30081 },
  { name: 'digest', port: 82, nodePort: 30082 },
  { name: 'reset', port: 83, nodePort: 30083 },
  { name: 'dns', port: 80, protocol: 'UDP', nodePort: 30080 },
];
const web = (spec: Partial<ServiceSpec> = {}, status = {}) =>
  put.service({
    metadata: { name: 'web', namespace: 'default' },
    spec: { type: 'NodePort', clusterIP: serviceIp.IPv4, clusterIPs: Object.values(serviceIp), ports, ...spec },
    ...status,
  });
const slice = (family: Family, ips: readonly string[], nodeName = 'n1') =>
  put.slice({
    metadata: { name: `web-${family}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: family,
    ports: [
      ...Object.entries(targetPorts).map(([name, port]) => ({ name, port, protocol: 'TCP' as const })),
      { name: 'dns', port: targetPorts.who, protocol: 'UDP' },
    ],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName })),
  });
const start = async (...changes: Parameters<World['change']>) => {
  await world.change(...changes);
  return world.startProxy('--proxy-mode=userspace', '--cluster-cidr=10.244.0.0/16,fd00::/56');
};
const bothFamilies = () => families.map((family) => slice(family, pods[family].slice(0, 3)));
const syncs = (): number => world.log().match(/SyncProxyRules complete/g)?.length ?? 0;
/** Applies changes, and waits until both families have been synced. */
const change = async (...changes: Parameters<World['change']>): Promise<void> => {
  const before = syncs();
  await world.change(...changes);
  await world.until('the change has been synced', () => syncs() > before);
};
const who = (where: string, host: string, port: number, count = 1, timeoutMs = 10_000): Promise<Answer[]> =>
  around.ask<Answer[]>(where, 'who', host, String(port), String(count), String(timeoutMs));
const udp = (where: string, host: string, port: number, count = 1): Promise<Answer[]> =>
  around.ask<Answer[]>(where, 'udp', host, String(port), String(count));

describe.each(families)('over %s', (family) => {
  const [first = '', second = '', third = '', dead = ''] = pods[family];
  const ip = serviceIp[family];

  test('a service answers everybody by TCP and UDP, at each of its addresses; the pod sees the node', async () => {
    await start(web(), ...bothFamilies());
    const loopback = family === 'IPv6' ? '::1' : '127.0.0.1';
    for (const where of ['o', 'c', 'p', 'n']) {
      const hosts = where === 'n' ? [nodeAddress[family], loopback] : [nodeAddress[family]];
      for (const [host, port] of [[ip, 80], ...hosts.map((each) => [each, 30080])] as [string, number][]) {
        for (const ask of [who, udp]) {
          const [answer] = await ask(where, host, port);
          expect(answer, `${ask.name} ${where} → ${host}:${port}`).toMatchObject({
            from: pods[family][0]?.replace(/2$/, '1'),
          });
          expect([first, second, third]).toContain(answer?.at);
        }
      }
    }
  });

  test('connections take turns', async () => {
    await start(web(), ...bothFamilies());
    const answers = await who('c', ip, 80, 300);
    expect([first, second, third].map((pod) => answers.filter(({ at }) => at === pod).length)).toEqual([100, 100, 100]);
  });

  test('a change of endpoints takes effect for new connections at once, and old ones go on', async () => {
    await start(web(), slice(family, [first]));
    const old = around.start('c', 'hold', ip, '81', '3');
    await once(old.stderr ?? old, 'data');
    await change(slice(family, [second]));
    expect(await who('c', ip, 80, 3)).toEqual(Array(3).fill(expect.objectContaining({ at: second })));
    old.stdin?.end();
    expect(await answerOf(old)).toEqual({ before: 3, after: 3 });
  });

  test('a dead endpoint is passed over, whether it refuses or says nothing', async () => {
    const nobody = family === 'IPv6' ? 'fd00:1::99' : '10.244.1.99';
    await start(web(), slice(family, [dead, nobody, third]));
    const answers = await who('c', ip, 80, 24);
    expect(answers).toEqual(Array(24).fill(expect.objectContaining({ at: third })));
    expect(world.log()).toContain('Dial failed');
  });
});

test('50 MB arrive whole in both directions', async () => {
  await start(web(), ...bothFamilies());
  const bytes = 50 * 2 ** 20;
  const { sent, got, received } = await around.ask<Record<string, string>>(
    'c',
    'send',
    serviceIp.IPv4,
    '81',
    String(bytes),
  );
  expect(received).toBe(bytes);
  expect(got).toBe(sent);
});

test('who has said all may still listen: a half-closed client gets its answer', async () => {
  await start(web(), ...bothFamilies());
  const { sent, head } = await around.ask<Record<string, string>>('c', 'send', serviceIp.IPv4, '82', '100000');
  expect(head).toBe(sent);
});

test('a reset is passed on', async () => {
  await start(web(), ...bothFamilies());
  const client = around.start('c', 'send', serviceIp.IPv4, '83', '10');
  await expect(answerOf(client)).rejects.toThrow('ECONNRESET');
});

test('2,000 connections at once are served, and nothing is left of them when the client is killed', async () => {
  await start(web(), ...bothFamilies());
  const holder = around.start('c', 'hold', serviceIp.IPv4, '81', '2000');
  await once(holder.stderr ?? holder, 'data');
  expect(sockets().length).toBeGreaterThanOrEqual(4000);
  holder.kill('SIGKILL');
  await world.until(
    'all sockets are closed',
    () => sockets().length === 0,
    () => sockets().slice(0, 5).join('\n'),
  );
});

test('nothing is left of connections whose endpoint is killed', async () => {
  const extra = await around.serve('pods', pods.IPv4[3]);
  await start(web(), slice('IPv4', [pods.IPv4[3]]));
  const holder = around.start('c', 'hold', serviceIp.IPv4, '81', '20');
  await once(holder.stderr ?? holder, 'data');
  extra.kill('SIGKILL');
  holder.stdin?.end();
  expect(await answerOf(holder)).toEqual({ before: 20, after: 0 });
  await world.until(
    'all sockets are closed',
    () => sockets().length === 0,
    () => sockets().slice(0, 5).join('\n'),
  );
});

/** Connections of kube-proxy's that exist, those to the API server and what only waits for its time-out left out. */
const sockets = (): string[] =>
  world
    .exec('ss', '-tnH', 'state', 'established', 'state', 'close-wait', 'state', 'fin-wait-1', 'state', 'fin-wait-2')
    .split('\n')
    .filter((line) => line !== '' && !/127\.0\.0\.1/.test(line));

test('ClientIP affinity keeps a client with its endpoint until that goes', async () => {
  await start(web({ sessionAffinity: 'ClientIP' }), ...bothFamilies());
  const landings = async (): Promise<string[]> => [
    ...new Set((await who('c', serviceIp.IPv4, 80, 20)).map(({ at = '' }) => at)),
  ];
  const [favourite = '', ...others] = await landings();
  expect(others).toEqual([]);
  await change(
    slice(
      'IPv4',
      pods.IPv4.slice(0, 3).filter((pod) => pod !== favourite),
    ),
  );
  const [next, ...more] = await landings();
  expect(more).toEqual([]);
  expect(next).not.toBe(favourite);
});

test('without endpoints a connection is reset at once', async () => {
  await start(web());
  for (const [host, port] of [
    [serviceIp.IPv4, 80],
    [nodeAddress.IPv4, 30080],
  ] as const) {
    expect(await who('c', host, port)).toEqual([{ error: 'ECONNRESET' }]);
  }
  expect(world.log()).toContain("Couldn't find an endpoint for service");
});

test('external and load balancer addresses are answered, the latter only to allowed sources', async () => {
  const ingress = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } } };
  const spec = { type: 'LoadBalancer' as const, externalIPs: ['203.0.113.7'] };
  await start(
    web({ ...spec, loadBalancerSourceRanges: ['198.51.100.0/24', '10.244.2.0/24'] }, ingress),
    ...bothFamilies(),
  );
  for (const where of ['o', 'c']) expect((await who(where, '203.0.113.7', 80))[0]?.at).toBeDefined();
  expect((await who('o', '203.0.113.9', 80))[0]?.at).toBeDefined();
  expect(await who('c', '203.0.113.9', 80, 1, 1000)).toEqual([{ error: 'ETIMEDOUT' }]);
  await change(web({ ...spec, loadBalancerSourceRanges: ['10.244.2.0/24', `${client.IPv4}/32`] }, ingress));
  expect((await who('c', '203.0.113.9', 80))[0]?.at).toBeDefined();
});

test('policy Local holds for clients from outside, and not for pods of the cluster', async () => {
  const elsewhere = slice('IPv4', pods.IPv4.slice(0, 3), 'n2');
  await start(web({ externalTrafficPolicy: 'Local' }), elsewhere);
  expect(await who('c', nodeAddress.IPv4, 30080)).toEqual([{ error: 'ECONNRESET' }]);
  for (const where of ['o', 'n']) expect((await who(where, nodeAddress.IPv4, 30080))[0]?.at, where).toBeDefined();
  await change(slice('IPv4', pods.IPv4.slice(0, 1)));
  expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBe(pods.IPv4[0]);
  await change(web({ internalTrafficPolicy: 'Local' }), elsewhere);
  expect(await who('o', serviceIp.IPv4, 80)).toEqual([{ error: 'ECONNRESET' }]);
  expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBeDefined();
});

test('a relay port can not be reached but through a service', async () => {
  await start(web(), ...bothFamilies());
  const [, relay = ''] = /--dport 80 -j REDIRECT --to-ports (\d+)/.exec(world.save()) ?? [];
  expect(await who('c', nodeAddress.IPv4, Number(relay), 1, 1000)).toEqual([{ error: 'ETIMEDOUT' }]);
  expect((await who('n', nodeAddress.IPv4, Number(relay)))[0]?.at).toBeDefined();
});

test('node ports come through a firewall that refuses what it does not know', async () => {
  await start(web(), ...bothFamilies());
  world.exec('iptables', '-A', 'INPUT', '-i', 'vp', '-j', 'ACCEPT');
  world.exec('iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT');
  world.exec('iptables', '-P', 'INPUT', 'DROP');
  expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBeDefined();
});

test('a node port is held; one that another program has stays with it until it is free', async () => {
  const other = around.start('n', 'pods', nodeAddress.IPv4);
  await once(other.stdout ?? other, 'data');
  await world.change(web({ ports: [{ name: 'who', port: 80, nodePort: 8081 }] }), ...bothFamilies());
  await world.startProxy('--proxy-mode=userspace', '--iptables-sync-period=200ms');
  expect(world.log()).toContain("Can't open port for service");
  expect(world.save()).not.toContain('--dport 8081');
  expect((await who('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  await world.stop(other, 'SIGKILL');
  await world.until('the node port leads to the service', () => world.save().includes('--dport 8081'));
  expect((await who('c', nodeAddress.IPv4, 8081))[0]?.at).toBeDefined();
  expect(world.exec('ss', '-tlnH', 'sport', '=', ':8081')).toContain('0.0.0.0:8081');
});

test('two services may swap their node ports', async () => {
  const one = (name: string, clusterIP: string, nodePort: number) =>
    put.service({
      metadata: { name, namespace: 'default' },
      spec: { type: 'NodePort', clusterIP, ports: [{ name: 'who', port: 80, nodePort }] },
    });
  await start(one('web', '10.96.0.31', 30001), one('none', '10.96.0.32', 30002), slice('IPv4', pods.IPv4.slice(0, 1)));
  expect((await who('c', nodeAddress.IPv4, 30001))[0]?.at).toBe(pods.IPv4[0]);
  await change(one('web', '10.96.0.31', 30002), one('none', '10.96.0.32', 30001));
  await world.until('both ports lead somewhere', () => world.save().match(/-A KUBE-NODEPORT-HOST/g)?.length === 2);
  expect((await who('c', nodeAddress.IPv4, 30002))[0]?.at).toBe(pods.IPv4[0]);
  expect(await who('c', nodeAddress.IPv4, 30001)).toEqual([{ error: 'ECONNRESET' }]);
  expect(world.log()).not.toContain("Can't open port");
});

test('a UDP client is sent to another endpoint when its own is lost, and its socket goes when it is silent', async () => {
  const dns = { type: 'ClusterIP' as const, ports: [{ name: 'dns', port: 80, protocol: 'UDP' as const }] };
  await start(web(dns), slice('IPv4', pods.IPv4.slice(0, 1)));
  expect((await udp('c', serviceIp.IPv4, 80, 2)).map(({ at }) => at)).toEqual([pods.IPv4[0], pods.IPv4[0]]);
  await change(slice('IPv4', pods.IPv4.slice(1, 2)));
  expect((await udp('c', serviceIp.IPv4, 80, 2)).map(({ at }) => at)).toEqual([pods.IPv4[1], pods.IPv4[1]]);
  const flows = (): string => world.exec('ss', '-unH', 'state', 'established');
  await world.until('no socket to an endpoint is left', () => flows() === '', flows);
});

test('a killed proxy means refused connections; started again it serves as before, and leaves no rule of the old one', async () => {
  const proxy = await start(web(), ...bothFamilies());
  const rules = (): string => world.save('iptables-save', '-t', 'nat');
  const before = rules();
  await world.stop(proxy, 'SIGKILL');
  expect(rules()).toBe(before);
  expect(await who('c', serviceIp.IPv4, 80)).toEqual([{ error: 'ECONNREFUSED' }]);
  await world.startProxy('--proxy-mode=userspace');
  expect((await who('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  expect((await udp('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  expect(rules().match(/^-A/gm)).toHaveLength(before.match(/^-A/gm)?.length ?? 0);
});

test('the log says what it opened, and SCTP is refused once', async () => {
  const sctp = [{ name: 'sctp', port: 90, protocol: 'SCTP' as const }];
  await start(web({ ports: [...(ports ?? []), ...sctp] }), ...bothFamilies());
  await change(slice('IPv4', pods.IPv4.slice(0, 1)));
  const log = world.log();
  expect(log).toContain('"Using userspace Proxier"');
  expect(log).toContain(
    '"Opened iptables from-containers portal for service" servicePortName="default/web:who" protocol="TCP" portalAddress="10.96.0.20:80"',
  );
  expect(log).toContain(
    '"Opened iptables from-host public port for service" servicePortName="default/web:who" protocol="TCP" nodePort=30080',
  );
  expect(log.match(/SCTP is not supported/g)).toHaveLength(2);
});

test('relays listen within --proxy-port-range; when it is used up, the rest is told of', async () => {
  await world.change(web({ type: 'ClusterIP', ports: [80, 81, 82].map((port) => ({ name: `p${port}`, port })) }));
  await world.startProxy('--proxy-mode=userspace', '--proxy-port-range=41000-41001');
  const targets = world.save().match(/--to-ports \d+/g);
  expect(targets).toEqual(['--to-ports 41000', '--to-ports 41001']);
  expect(world.log()).toMatch(/Failed to start proxy for service.*--proxy-port-range/);
});

test('switching between iptables and userspace under way leaves nothing of the other mode, and --cleanup nothing at all', async () => {
  world.exec('iptables', '-A', 'INPUT', '-s', '192.0.2.1', '-j', 'ACCEPT');
  await world.change(web(), ...bothFamilies());
  const saved = (): string => world.save('iptables-save') + world.save('ip6tables-save');
  const leftovers = {
    iptables: /KUBE-(PORTALS|NODEPORT-)/,
    userspace: /KUBE-(SERVICES|SVC|SEP|MARK|POSTROUTING|FORWARD)/,
  };
  for (const mode of ['userspace', 'iptables', 'userspace'] as const) {
    const proxy = await world.startProxy(`--proxy-mode=${mode}`);
    await world.until(`only ${mode} is left`, () => !leftovers[mode].test(saved()), saved);
    for (const where of ['o', 'c', 'n']) expect((await who(where, serviceIp.IPv4, 80))[0]?.at, where).toBeDefined();
    expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBeDefined();
    await world.stop(proxy);
  }
  const main = new URL('../../../src/node/proxy/main.ts', import.meta.url).pathname;
  world.exec(process.execPath, main, '--cleanup');
  expect(saved()).not.toContain('KUBE-');
  expect(saved()).toContain('-A INPUT -s 192.0.2.1/32 -j ACCEPT');
});
