// Syncs, damage and failures in nftables mode, with the fake nft.
import { expect, test } from 'vitest';
import type { Service } from '../../../../src/api/core.ts';
import type { EndpointSlice } from '../../../../src/api/discovery.ts';
import { FakeNft } from '../../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../../support/proxy/nftables/rig.ts';

const signal = new AbortController().signal;
const service = (name: string, clusterIP: string, rest: Partial<Service['spec']> = {}): Service => ({
  metadata: { name, namespace: 'r' },
  spec: { clusterIP, ports: [{ name: 'p', port: 80 }], ...rest },
});
const slice = (name: string, ...ips: string[]): EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'r', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'p', protocol: 'TCP', port: 8080 }],
  endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
});

test('a changed endpoint needs two commands, both for elements', async () => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  const before = slice('web', '10.244.1.7', '10.244.2.8');
  rig.proxier.onService(undefined, service('web', '10.96.0.20'));
  rig.proxier.onSlice(undefined, before);
  await rig.sync();
  rig.proxier.onSlice(before, slice('web', '10.244.1.7', '10.244.2.9'));
  await rig.sync();
  expect(kernel.inputs.at(-1)).toBe(
    'delete element ip kube-proxy endpoints-tcp { 10.96.0.20 . 80 . 1 }\n' +
      'add element ip kube-proxy endpoints-tcp { 10.96.0.20 . 80 . 1 : 10.244.2.9 . 8080 }\n',
  );
});

test('of two services with the same address the first by name gets it, and the other after the first is deleted', async () => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  const [a, b] = [service('a', '10.96.0.1'), service('b', '10.96.0.1')];
  const endpointOf = () => kernel.table().sets.get('endpoints-tcp')?.elements.get('10.96.0.1 . 80 . 0');
  rig.proxier.onService(undefined, b);
  rig.proxier.onSlice(undefined, slice('b', '10.244.0.2'));
  await rig.sync();
  expect(endpointOf()).toContain('10.244.0.2');
  rig.proxier.onService(undefined, a);
  rig.proxier.onSlice(undefined, slice('a', '10.244.0.1', '10.244.0.9'));
  await rig.sync();
  expect(endpointOf()).toContain('10.244.0.1');
  rig.proxier.onSlice(slice('b', '10.244.0.2'), slice('b', '10.244.0.3'));
  await rig.sync();
  expect(endpointOf()).toContain('10.244.0.1');
  rig.proxier.onService(a, undefined);
  await rig.sync();
  expect(endpointOf()).toContain('10.244.0.3');
  expect(kernel.table().sets.get('cluster-ips')?.elements.size).toBe(1);
});

test('unused chains and sets of session affinity are removed before there are many', async () => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  rig.proxier.onService(undefined, service('web', '10.96.0.20', { sessionAffinity: 'ClientIP' }));
  let most = 0;
  let last: EndpointSlice | undefined;
  for (let host = 0; host < 120; host++) {
    const next = slice('web', `10.244.0.${host}`);
    rig.proxier.onSlice(last, next);
    await rig.sync();
    most = Math.max(most, kernel.table().sets.size);
    last = next;
  }
  expect(most).toBeGreaterThan(50);
  expect(most).toBeLessThan(120);
  expect(rig.backend.failures).toMatchObject({ sync: 0, cleanup: 0 });
});

test('a full sync keeps the affinity of clients, and replaces a foreign table of the same name', async () => {
  const kernel = new FakeNft();
  await kernel.apply('add table ip kube-proxy { comment "rules for kube-proxy" ; }\nadd chain ip kube-proxy other');
  const rig = createNftablesRig(kernel);
  rig.proxier.onService(undefined, service('web', '10.96.0.20', { sessionAffinity: 'ClientIP' }));
  rig.proxier.onSlice(undefined, slice('web', '10.244.0.1'));
  await rig.sync();
  expect(kernel.table().chains.has('other')).toBe(false);
  const clients = [...kernel.table().sets].find(([name]) => name.startsWith('clients-'))?.[1];
  clients?.elements.set('10.244.0.7', '10.244.0.7');
  rig.proxier.forceFull();
  await rig.sync();
  const after = [...kernel.table().sets].find(([name]) => name.startsWith('clients-'))?.[1];
  expect([...(after?.elements.keys() ?? [])]).toEqual(['10.244.0.7']);
});

test.each([
  ['the table is gone', 'delete table ip kube-proxy'],
  ['a chain was flushed', 'flush chain ip kube-proxy services'],
  ['a rule was put into a chain', 'add rule ip kube-proxy service-tcp-1 accept'],
  [
    'a rule was replaced by another one',
    'flush chain ip kube-proxy service-tcp-1\nadd rule ip kube-proxy service-tcp-1 accept',
  ],
])('damage is noticed: %s', async (_what, input) => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  rig.proxier.onService(undefined, service('web', '10.96.0.20'));
  rig.proxier.onSlice(undefined, slice('web', '10.244.0.1'));
  await rig.sync();
  expect(await rig.backend.damaged(signal)).toBe(false);
  await kernel.apply(input);
  expect(await rig.backend.damaged(signal)).toBe(true);
  rig.proxier.forceFull();
  await rig.sync();
  expect(await rig.backend.damaged(signal)).toBe(false);
});

test('damage between a write and its first look is noticed, and what nft prints after two writes is right', async () => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  rig.proxier.onService(undefined, service('web', '10.96.0.20'));
  rig.proxier.onSlice(undefined, slice('web', '10.244.0.1'));
  await rig.sync();
  const replace = 'flush chain ip kube-proxy service-tcp-1\nadd rule ip kube-proxy service-tcp-1 accept';
  const write = async (): Promise<void> => {
    rig.proxier.forceFull();
    await rig.sync();
  };
  kernel.afterApply = replace;
  await write();
  expect(await rig.backend.damaged(signal)).toBe(true);
  await write();
  expect(await rig.backend.damaged(signal)).toBe(false);
  // The very first look may have come too late, too.
  const other = new FakeNft();
  const late = createNftablesRig(other);
  late.proxier.onService(undefined, service('web', '10.96.0.20'));
  late.proxier.onSlice(undefined, slice('web', '10.244.0.1'));
  other.afterApply = replace;
  await late.sync();
  late.proxier.forceFull();
  await late.sync();
  late.proxier.forceFull();
  await late.sync();
  expect(await late.backend.damaged(signal)).toBe(false);
});

test('failures are counted: a failed sync is repeated in full, and what could not be removed stays', async () => {
  const kernel = new FakeNft();
  const rig = createNftablesRig(kernel);
  kernel.failures = 1;
  await expect(rig.sync()).rejects.toThrow('told to fail');
  await rig.sync();
  expect(rig.backend.failures).toMatchObject({ sync: 1, cleanup: 0 });
  await kernel.apply('add chain ip kube-proxy old');
  kernel.refuses = /delete chain/;
  rig.proxier.forceFull();
  await rig.sync();
  expect(rig.backend.failures).toMatchObject({ sync: 1, cleanup: 1 });
  kernel.refuses = undefined;
  rig.proxier.forceFull();
  await rig.sync();
  expect(kernel.table().chains.has('old')).toBe(false);
});
