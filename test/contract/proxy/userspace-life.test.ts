// Userspace mode over time: its ports, a lost endpoint, a kill, its log, and switching from and to another mode.
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { nodeAddress, pods } from '../../support/proxy/neighbours.ts';
import { kubeProxy, put } from '../../support/proxy/world.ts';
import {
  around,
  bothFamilies,
  change,
  ports,
  serviceIp,
  slice,
  start,
  udp,
  useWorld,
  web,
  who,
  world,
} from './userspace-rig.ts';

useWorld();

test('opens node ports in a firewall that drops by default', async () => {
  await start(web(), ...bothFamilies());
  world.exec('iptables', '-A', 'INPUT', '-i', 'vp', '-j', 'ACCEPT');
  world.exec('iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'ESTABLISHED', '-j', 'ACCEPT');
  world.exec('iptables', '-P', 'INPUT', 'DROP');
  expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBeDefined();
});

test('holds node ports open, and retries a node port that another program uses', async () => {
  const other = around.start('n', 'pods', nodeAddress.IPv4);
  await once(other.stdout ?? other, 'data');
  await world.change(web({ ports: [{ name: 'who', port: 80, nodePort: 8081 }] }), ...bothFamilies());
  await world.startProxy('--proxy-mode=userspace', '--iptables-sync-period=200ms');
  expect(world.log()).toContain("Can't open port for service");
  expect(world.save()).not.toContain('--dport 8081');
  expect((await who('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  await world.stop(other, 'SIGKILL');
  await world.until('the node port has a rule', () => world.save().includes('--dport 8081'));
  expect((await who('c', nodeAddress.IPv4, 8081))[0]?.at).toBeDefined();
  expect(world.exec('ss', '-tlnH', 'sport', '=', ':8081')).toContain('0.0.0.0:8081');
});

test('follows two services that swap their node ports', async () => {
  const one = (name: string, clusterIP: string, nodePort: number) =>
    put.service({
      metadata: { name, namespace: 'default' },
      spec: { type: 'NodePort', clusterIP, ports: [{ name: 'who', port: 80, nodePort }] },
    });
  await start(one('web', '10.96.0.31', 30001), one('none', '10.96.0.32', 30002), slice('IPv4', pods.IPv4.slice(0, 1)));
  expect((await who('c', nodeAddress.IPv4, 30001))[0]?.at).toBe(pods.IPv4[0]);
  await change(one('web', '10.96.0.31', 30002), one('none', '10.96.0.32', 30001));
  await world.until('both node ports have rules', () => world.save().match(/-A KUBE-NODEPORT-HOST/g)?.length === 2);
  expect((await who('c', nodeAddress.IPv4, 30002))[0]?.at).toBe(pods.IPv4[0]);
  expect(await who('c', nodeAddress.IPv4, 30001)).toEqual([{ error: 'ECONNRESET' }]);
  expect(world.log()).not.toContain("Can't open port");
});

test('serves again after a kill and a restart, without duplicate rules', async () => {
  const proxy = await start(web(), ...bothFamilies());
  // Without the lines that say when it was saved.
  const rules = (): string => world.save('iptables-save', '-t', 'nat').replaceAll(/^#.*\n/gm, '');
  const before = rules();
  await world.stop(proxy, 'SIGKILL');
  expect(rules()).toBe(before);
  expect(await who('c', serviceIp.IPv4, 80)).toEqual([{ error: 'ECONNREFUSED' }]);
  await world.startProxy('--proxy-mode=userspace');
  expect((await who('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  expect((await udp('c', serviceIp.IPv4, 80))[0]?.at).toBeDefined();
  expect(rules().match(/^-A/gm)).toHaveLength(before.match(/^-A/gm)?.length ?? 0);
});

test('logs the opened portals, and refuses SCTP once', async () => {
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

test('listens only within --proxy-port-range, and logs the ports that do not fit', async () => {
  await world.change(web({ type: 'ClusterIP', ports: [80, 81, 82].map((port) => ({ name: `p${port}`, port })) }));
  await world.startProxy('--proxy-mode=userspace', '--proxy-port-range=41000-41001');
  const targets = world.save().match(/--to-ports \d+/g);
  expect(targets).toEqual(['--to-ports 41000', '--to-ports 41001']);
  expect(world.log()).toMatch(/Failed to start proxy for service.*--proxy-port-range/);
});

test('switches between iptables and userspace mode without leftovers, then --cleanup removes all rules', async () => {
  world.exec('iptables', '-A', 'INPUT', '-s', '192.0.2.1', '-j', 'ACCEPT');
  await world.change(web(), ...bothFamilies());
  const saved = (): string => world.save('iptables-save') + world.save('ip6tables-save');
  const leftovers = {
    iptables: /KUBE-(PORTALS|NODEPORT-)/,
    userspace: /KUBE-(SERVICES|SVC|SEP|MARK|POSTROUTING|FORWARD)/,
  };
  for (const mode of ['userspace', 'iptables', 'userspace'] as const) {
    const proxy = await world.startProxy(`--proxy-mode=${mode}`);
    await world.until(`only the rules of ${mode} mode are left`, () => !leftovers[mode].test(saved()), saved);
    for (const where of ['o', 'c', 'n']) expect((await who(where, serviceIp.IPv4, 80))[0]?.at, where).toBeDefined();
    expect((await who('c', nodeAddress.IPv4, 30080))[0]?.at).toBeDefined();
    await world.stop(proxy);
  }
  world.exec(process.execPath, kubeProxy, '--cleanup');
  expect(saved()).not.toContain('KUBE-');
  expect(saved()).toContain('-A INPUT -s 192.0.2.1/32 -j ACCEPT');
});
