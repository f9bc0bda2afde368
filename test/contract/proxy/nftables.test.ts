// nftables mode on a real kernel: connections during changes, repair, switching modes, and --cleanup.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceSpec } from '../../../src/api/core.ts';
import { answerOf, Neighbours, pods } from '../../support/proxy/neighbours.ts';
import { inForce } from '../../support/proxy/nftables/fake-nft.ts';
import { kubeProxy, put, World } from '../../support/proxy/world.ts';
import { isLong } from '../../support/runs.ts';
import { parseListing, verdictsOf } from './nft-listing.ts';

const flags = ['--proxy-mode=nftables', '--cluster-cidr=10.200.0.0/15'];
const ruleset = (world: World): string => world.exec('nft', '-s', 'list', 'ruleset');

const serviceIp = '10.96.0.20';
const web = (spec: Partial<ServiceSpec> = {}) =>
  put.service({
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: serviceIp, ports: [{ name: 'p', port: 80 }], ...spec },
  });
const slice = (...ips: readonly string[]) =>
  put.slice({
    metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
    endpoints: ips.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName: 'n1' })),
  });
const [first = '', second = '', third = ''] = pods.IPv4;
const syncs = (world: World): number => world.log().match(/SyncProxyRules complete" ipFamily="IPv4"/g)?.length ?? 0;

/** Applies changes, and waits until they have been synced. */
const change = async (world: World, ...changes: Parameters<World['change']>): Promise<void> => {
  const before = syncs(world);
  await world.change(...changes);
  await world.until('the change has been synced', () => syncs(world) > before);
};

let world: World;
let around: Neighbours;
beforeAll(async () => {
  world = await World.create();
  around = await Neighbours.create(world);
});
afterAll(async () => {
  await around?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

describe('with the default flags', () => {
  beforeAll(async () => {
    await world.change(web(), slice(first));
    await world.startProxy(...flags);
  });
  afterAll(() => world.reset());

  test('refuses ports of a cluster IP that its service does not have', async () => {
    for (const where of ['o', 'n']) {
      expect(await around.ask(where, 'who', serviceIp, '81', '1')).toEqual([{ error: 'ECONNREFUSED' }]);
    }
  });

  test('never fails a connection while the endpoints and the chain of a service change', async () => {
    await change(world, slice(first, second));
    const lanes = 4;
    const load = around.start('o', 'load', serviceIp, '80', String(lanes));
    let connections = 0;
    load.stderr?.on('data', (dots: Buffer) => {
      connections += dots.length;
    });
    const lists = [[first], [second, third], [first, second, third], [third], [first, third]];
    for (const list of Array.from({ length: isLong ? 5 : 2 }, () => lists).flat()) {
      await change(world, slice(...list));
      // One connection on each lane may have begun before the change.
      const before = connections + lanes;
      await world.until('a connection was made after the change', () => connections > before);
    }
    load.stdin?.end();
    expect(await answerOf(load)).toEqual({ made: connections, failed: 0 });
  });
});

test('keeps a client at its endpoint through changes of other endpoints, restarts and full syncs', async () => {
  const ask = async (count: number): Promise<Set<string>> => {
    const answers = await around.ask<{ at: string }[]>('o', 'who', serviceIp, '80', String(count));
    return new Set(answers.map(({ at }) => at));
  };
  await world.change(web({ sessionAffinity: 'ClientIP' }), slice(first, second));
  const proxy = await world.startProxy(...flags);
  const [chosen = ''] = await ask(1);
  expect(await ask(20)).toEqual(new Set([chosen]));
  await change(world, slice(first, second, third));
  expect(await ask(20)).toEqual(new Set([chosen]));
  await world.stop(proxy);
  await world.startProxy(...flags);
  expect(await ask(20)).toEqual(new Set([chosen]));
  const others = [first, second, third].filter((pod) => pod !== chosen);
  await change(world, slice(...others));
  const [next = ''] = await ask(1);
  expect(others).toContain(next);
  expect(await ask(20)).toEqual(new Set([next]));
  await world.reset();
});

describe('with frequent checks for damage', () => {
  /** Each test ends with the whole table, so the next can use the same kube-proxy. */
  beforeAll(async () => {
    await world.change(web(), slice(first));
    await world.startProxy(...flags, '--iptables-sync-period=200ms');
  });
  afterAll(() => world.reset());

  test('restores a rule that somebody replaced by another one, in the same place', async () => {
    const chains = (): string => world.exec('nft', '-t', '-s', 'list', 'table', 'ip', 'kube-proxy');
    const whole = chains();
    for (const chain of ['services', 'service-tcp-1', 'masquerading']) {
      const listing = world.exec('nft', '-a', 'list', 'chain', 'ip', 'kube-proxy', chain);
      const [, handle = ''] = / # handle (\d+)\n\t\}/.exec(listing) ?? [];
      world.exec('nft', 'replace', 'rule', 'ip', 'kube-proxy', chain, 'handle', handle, 'accept');
      await world.until(`the rule of chain ${chain} is back`, () => chains() === whole, chains);
    }
  });

  test.each([
    ['all tables were flushed', ['flush', 'ruleset']],
    ['a chain was flushed', ['flush', 'chain', 'ip', 'kube-proxy', 'services']],
    ['the table was flushed', ['flush', 'table', 'ip', 'kube-proxy']],
    ['the table was deleted', ['delete', 'table', 'ip', 'kube-proxy']],
  ])('restores its table after %s', async (_what, command) => {
    const state = (): string => JSON.stringify(inForce(parseListing(ruleset(world), 'ip kube-proxy')));
    const noticed = (): number => world.log().match(/Reloading after nftables flush/g)?.length ?? 0;
    const [before, known] = [state(), noticed()];
    expect(before).toContain('vmap @service-ips');
    world.exec('nft', ...command);
    await world.until('the damage was noticed', () => noticed() > known);
    await world.until('the table is complete again', () => state() === before, state);
  });
});

test('switches between nftables and iptables mode without leftovers, then --cleanup removes both', async () => {
  const takeover = async (mode: string, gone: () => boolean): Promise<void> => {
    const proxy = await world.startProxy(`--proxy-mode=${mode}`, '--cluster-cidr=10.200.0.0/15');
    await world.until('the rules of the other mode are gone', gone, () => ruleset(world) + world.log());
    expect(world.get('http://127.0.0.1:10249/proxyMode')).toBe(mode);
    await world.stop(proxy);
  };
  world.exec('iptables', '-A', 'INPUT', '-s', '192.0.2.1', '-j', 'ACCEPT');
  world.exec('nft', 'add table ip foreign');
  await world.change(web(), slice(first));
  const expectService = (): void =>
    expect(verdictsOf(parseListing(ruleset(world), 'ip kube-proxy'), 'service-ips')).toEqual({
      [`${serviceIp} . tcp . 80`]: [['one of', `${first} . 8080`]],
    });
  await takeover('nftables', () => ruleset(world).includes('table ip6 kube-proxy'));
  expectService();
  await takeover('iptables', () => !ruleset(world).includes('kube-proxy {'));
  expect(world.save()).toContain(`--to-destination ${first}:8080`);
  // switches.test.ts also switches from iptables to nftables mode.
  if (isLong) {
    await takeover('nftables', () => !(world.save() + world.save('ip6tables-save')).includes('KUBE-'));
    expectService();
  }
  world.exec(process.execPath, kubeProxy, '--cleanup');
  expect(ruleset(world)).not.toContain('kube-proxy');
  expect(ruleset(world)).toContain('table ip foreign');
  expect(world.save()).toContain('-A INPUT -s 192.0.2.1/32 -j ACCEPT');
});

test('refuses to start on a machine without nftables, and names the requirement', async () => {
  await using world = await World.create();
  world.shadow('nft', '#!/bin/sh\necho "Protocol not supported" >&2\nexit 1\n');
  const kubeconfig = join(world.folder, 'kubeconfig');
  expect(() => world.exec(process.execPath, kubeProxy, ...flags, '--kubeconfig', kubeconfig)).toThrow(
    /nftables mode, which needs nft 1\.0\.1 and Linux 5\.13: .*Protocol not supported/,
  );
});
