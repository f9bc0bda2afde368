// Userspace mode: kube-proxy relays real connections through the real kernel.
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { answerOf, client, nodeAddress, pods } from '../../support/proxy/neighbours.ts';
import {
  around,
  bothFamilies,
  change,
  families,
  serviceIp,
  slice,
  start,
  udp,
  useWorld,
  web,
  who,
  world,
} from './userspace-rig.ts';

useWorld('shared');

describe.each(families)('over %s', (family) => {
  const [first = '', second = '', third = '', dead = ''] = pods[family];
  const ip = serviceIp[family];

  test('serves every client by TCP and UDP at each address of a service; the pod sees the node', async () => {
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

  test('spreads connections in turn', async () => {
    await start(web(), ...bothFamilies());
    const answers = await who('c', ip, 80, 300);
    expect([first, second, third].map((pod) => answers.filter(({ at }) => at === pod).length)).toEqual([100, 100, 100]);
  });

  test('applies a change of endpoints to new connections and keeps the old connections', async () => {
    await start(web(), slice(family, [first]));
    const old = around.start('c', 'hold', ip, '81', '3');
    await once(old.stderr ?? old, 'data');
    await change(slice(family, [second]));
    expect(await who('c', ip, 80, 3)).toEqual(Array(3).fill(expect.objectContaining({ at: second })));
    old.stdin?.end();
    expect(await answerOf(old)).toEqual({ before: 3, after: 3 });
  });

  test('skips a dead endpoint, whether it refuses or stays silent', async () => {
    const nobody = family === 'IPv6' ? 'fd00:1::99' : '10.244.1.99';
    const logged = world.log().length;
    await start(web(), slice(family, [dead, nobody, third]));
    const answers = await who('c', ip, 80, 24);
    expect(answers).toEqual(Array(24).fill(expect.objectContaining({ at: third })));
    expect(world.log().slice(logged)).toContain('Dial failed');
  });
});

test('relays 50 MB unchanged in both directions', async () => {
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

test('delivers the answer to a half-closed client', async () => {
  await start(web(), ...bothFamilies());
  const { sent, head } = await around.ask<Record<string, string>>('c', 'send', serviceIp.IPv4, '82', '100000');
  expect(head).toBe(sent);
});

test('passes a reset on', async () => {
  await start(web(), ...bothFamilies());
  const client = around.start('c', 'send', serviceIp.IPv4, '83', '10');
  await expect(answerOf(client)).rejects.toThrow('ECONNRESET');
});

test('serves 2,000 connections at once, and closes all of them when the client is killed', async () => {
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

test('closes connections whose endpoint is killed', async () => {
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

/** Open connections of kube-proxy, without those to the API server and those in TIME-WAIT. */
const sockets = (): string[] =>
  world
    .exec('ss', '-tnH', 'state', 'established', 'state', 'close-wait', 'state', 'fin-wait-1', 'state', 'fin-wait-2')
    .split('\n')
    .filter((line) => line !== '' && !/127\.0\.0\.1/.test(line));

test('keeps a client at its endpoint with ClientIP affinity until the endpoint is removed', async () => {
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

test('resets a connection at once when the service has no endpoints', async () => {
  await start(web());
  for (const [host, port] of [
    [serviceIp.IPv4, 80],
    [nodeAddress.IPv4, 30080],
  ] as const) {
    expect(await who('c', host, port)).toEqual([{ error: 'ECONNRESET' }]);
  }
  expect(world.log()).toContain("Couldn't find an endpoint for service");
});

test('serves external IPs to all clients, and load balancer IPs only to allowed sources', async () => {
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

test('applies policy Local to clients outside the cluster, and not to pods', async () => {
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

test('blocks direct connections from other machines to a relay port', async () => {
  await start(web(), ...bothFamilies());
  const [, relay = ''] = /--dport 80 -j REDIRECT --to-ports (\d+)/.exec(world.save()) ?? [];
  expect(await who('c', nodeAddress.IPv4, Number(relay), 1, 1000)).toEqual([{ error: 'ETIMEDOUT' }]);
  expect((await who('n', nodeAddress.IPv4, Number(relay)))[0]?.at).toBeDefined();
});

test('moves a UDP client when its endpoint is removed, and closes the socket of a silent client', async () => {
  const dns = { type: 'ClusterIP' as const, ports: [{ name: 'dns', port: 80, protocol: 'UDP' as const }] };
  await start(web(dns), slice('IPv4', pods.IPv4.slice(0, 1)));
  expect((await udp('c', serviceIp.IPv4, 80, 2)).map(({ at }) => at)).toEqual([pods.IPv4[0], pods.IPv4[0]]);
  await change(slice('IPv4', pods.IPv4.slice(1, 2)));
  expect((await udp('c', serviceIp.IPv4, 80, 2)).map(({ at }) => at)).toEqual([pods.IPv4[1], pods.IPv4[1]]);
  const flows = (): string => world.exec('ss', '-unH', 'state', 'established');
  await world.until('no socket to an endpoint is left', () => flows() === '', flows);
});
