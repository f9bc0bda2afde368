// What counts as damage: missing jumps to our chains, and missing or foreign rules in shared chains. Rules in a
// service's own chains and rules of other programs in their own chains do not count.
import { describe, expect, test } from 'vitest';
import { nextCheckMs } from '../../../src/node/proxy/damage-pace.ts';
import type { ChainLister } from '../../../src/node/sys/chain-lister.ts';
import { FakeNetfilter } from '../../support/proxy/fake-netfilter.ts';
import { createRig, type RigOptions } from '../../support/proxy/replay.ts';

const never = new AbortController().signal;

const createWorld = async (options: RigOptions = {}, kernel = new FakeNetfilter()) => {
  const rig = createRig(kernel, { lister: kernel, ...options });
  const service = (name: string, clusterIP: string, nodePort: number) =>
    rig.proxier.onService(undefined, {
      metadata: { name, namespace: 'default' },
      spec: { type: 'NodePort', clusterIP, ports: [{ port: 80, nodePort }] },
    });
  service('open', '10.96.0.1', 30_001);
  service('refused', '10.96.0.2', 30_002);
  rig.proxier.onSlice(undefined, {
    metadata: { name: 'open-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'open' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true } }],
  });
  await rig.sync();
  const { backend } = rig.proxier;
  const damaged = async () => (await backend.damaged(never)) || ((await backend.damagedInside?.(never)) ?? false);
  return { kernel, rig, damaged };
};

/** Lines that remove each of our jumps from the built-in chains. */
const removals = async (kernel: FakeNetfilter): Promise<string[]> => {
  const sections = (await kernel.save()).split(/(?<=^COMMIT\n)/m);
  return sections.flatMap((section) => {
    const table = section.split('\n', 1)[0] ?? '';
    const jumps = section.match(/^-A (INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING) .*$/gm) ?? [];
    return jumps.map((line) => `${table}\n${line.replace('-A', '-D')}\nCOMMIT\n`);
  });
};

test('a new address of the machine is noticed by a check for damage and by the next sync', async () => {
  const base: { nodePortAddresses: string[] } = { nodePortAddresses: ['192.168.56.11'] };
  const { kernel, rig, damaged } = await createWorld({ base });
  expect(await damaged()).toBe(false);
  base.nodePortAddresses = ['192.168.56.11', '192.168.56.99'];
  expect(await damaged()).toBe(true);
  base.nodePortAddresses = ['192.168.56.98'];
  rig.proxier.onService(undefined, {
    metadata: { name: 'other', namespace: 'default' },
    spec: { clusterIP: '10.96.0.3', ports: [{ port: 80 }] },
  });
  await rig.sync();
  const tail = (await kernel.save()).match(/-A KUBE-SERVICES .*-j KUBE-NODEPORTS/g);
  expect(tail).toHaveLength(1);
  expect(tail?.[0]).toContain('-d 192.168.56.98/32');
});

describe('damage', () => {
  test('is not found in untouched rules', async () => {
    const { damaged } = await createWorld();
    expect([await damaged(), await damaged()]).toEqual([false, false]);
  });

  test('is each single missing jump, and a full sync repairs it', async () => {
    const { kernel, rig, damaged } = await createWorld();
    const inputs = await removals(kernel);
    expect(inputs).toHaveLength(14);
    for (const input of inputs) {
      await kernel.restore(input);
      expect(await damaged(), input).toBe(true);
      rig.proxier.forceFull();
      await rig.sync();
      expect(await damaged(), input).toBe(false);
    }
  });

  test.each([
    '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n',
    '*nat\n:KUBE-NODEPORTS - [0:0]\nCOMMIT\n',
    '*nat\n:KUBE-POSTROUTING - [0:0]\nCOMMIT\n',
    '*nat\n:KUBE-MARK-MASQ - [0:0]\nCOMMIT\n',
    '*nat\n-X KUBE-PROXY-CANARY\nCOMMIT\n',
    '*mangle\n-X KUBE-PROXY-CANARY\nCOMMIT\n',
    '*filter\n-X KUBE-PROXY-CANARY\nCOMMIT\n',
    '*filter\n:KUBE-FORWARD - [0:0]\nCOMMIT\n',
    '*filter\n:KUBE-FIREWALL - [0:0]\nCOMMIT\n',
    '*filter\n:KUBE-SERVICES - [0:0]\nCOMMIT\n',
    '*filter\n:KUBE-EXTERNAL-SERVICES - [0:0]\nCOMMIT\n',
  ])('is what %j does', async (input) => {
    const { kernel, damaged } = await createWorld();
    expect(await damaged()).toBe(false);
    await kernel.restore(input);
    expect(await damaged()).toBe(true);
  });

  test('is an empty KUBE-SERVICES, even if no address accepts node ports', async () => {
    const { kernel, damaged } = await createWorld({ base: { nodePortAddresses: [] } });
    expect(await damaged()).toBe(false);
    await kernel.restore('*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n');
    expect(await damaged()).toBe(true);
  });

  test.each([
    ['nat', '-I KUBE-SERVICES -j RETURN'],
    ['nat', '-A KUBE-SERVICES -d 192.0.2.1/32 -j KUBE-NODEPORTS'],
    ['nat', '-I KUBE-NODEPORTS -p tcp -m tcp --dport 30001 -j ACCEPT'],
    ['nat', '-I KUBE-POSTROUTING -j ACCEPT'],
    ['nat', '-A KUBE-MARK-MASQ -j RETURN'],
    ['filter', '-I KUBE-FORWARD -j DROP'],
    ['filter', '-I KUBE-SERVICES -j ACCEPT'],
    ['filter', '-A KUBE-EXTERNAL-SERVICES -s 192.0.2.1/32 -j DROP'],
    ['filter', '-I KUBE-NODEPORTS -j DROP'],
    ['filter', '-A KUBE-PROXY-FIREWALL -j DROP'],
  ])('in table %s is the foreign rule %s, and a full sync removes it', async (table, rule) => {
    const { kernel, rig, damaged } = await createWorld();
    const whole = await kernel.save();
    expect(await damaged()).toBe(false);
    await kernel.restore(`*${table}\n${rule}\nCOMMIT\n`);
    expect(await damaged()).toBe(true);
    rig.proxier.forceFull();
    await rig.sync();
    expect(await kernel.save()).toBe(whole);
    expect(await damaged()).toBe(false);
  });

  test('is a rule replaced by one with the same target: before any check, after a sync, after a check', async () => {
    const { kernel, rig, damaged } = await createWorld();
    const whole = await kernel.save();
    const [, rule = ''] = /^-A KUBE-SERVICES (-d 10.96.0.1.*)$/m.exec(whole) ?? [];
    for (const address of ['10.96.0.7', '10.96.0.8', '10.96.0.9']) {
      const other = rule.replace('10.96.0.1', address);
      await kernel.restore(`*nat\n-D KUBE-SERVICES ${rule}\n-I KUBE-SERVICES ${other}\nCOMMIT\n`);
      expect(await damaged(), address).toBe(true);
      rig.proxier.forceFull();
      await rig.sync();
      expect(await kernel.save()).toBe(whole);
      // Only the last replacement comes after a check that found all rules whole.
      if (address === '10.96.0.8') expect(await damaged()).toBe(false);
    }
    expect(await damaged()).toBe(false);
  });

  test('is no longer a rule that a full sync wrote and that iptables prints in another way', async () => {
    const kernel = new FakeNetfilter();
    const lister: ChainLister = {
      list: async (queries) =>
        (await kernel.list(queries))?.map((listing) => ({
          ...listing,
          ...(listing.rules && { rules: listing.rules.map((text) => text.replace('-p tcp ', '-p 6 ')) }),
        })),
      close: () => {},
    };
    const { rig, damaged } = await createWorld({ lister }, kernel);
    const repaired = async (): Promise<void> => {
      rig.proxier.forceFull();
      await rig.sync();
    };
    // Short chains are checked before long ones.
    for (let checks = 0; await damaged(); checks += 1) {
      expect(checks).toBeLessThan(2);
      await repaired();
    }
    await kernel.restore('*nat\n-I KUBE-SERVICES -p tcp -j RETURN\nCOMMIT\n');
    expect(await damaged()).toBe(true);
    await repaired();
    expect(await damaged()).toBe(false);
  });

  test('is no rule that the kubelet has in KUBE-FIREWALL', async () => {
    const { kernel, damaged } = await createWorld();
    await kernel.restore('*filter\n-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP\nCOMMIT\n');
    expect(await damaged()).toBe(false);
  });

  test('is no foreign rule in another chain, and no rule in a chain of one service', async () => {
    const { kernel, damaged } = await createWorld();
    const [sep = ''] = /KUBE-SEP-\w+/.exec(await kernel.save()) ?? [];
    await kernel.restore(`*nat\n:${sep} - [0:0]\n-A PREROUTING -s 192.0.2.1/32 -j RETURN\nCOMMIT\n`);
    expect(await damaged()).toBe(false);
  });

  test('is not a change that kube-proxy made since the last check', async () => {
    const { rig, damaged } = await createWorld();
    expect(await damaged()).toBe(false);
    rig.proxier.onService(
      {
        metadata: { name: 'refused', namespace: 'default' },
        spec: { type: 'NodePort', clusterIP: '10.96.0.2', ports: [{ port: 80, nodePort: 30_002 }] },
      },
      undefined,
    );
    await rig.sync();
    expect(rig.proxier.view.ports.size).toBe(1);
    expect(await damaged()).toBe(false);
  });

  test('is only a missing canary chain if the tool cannot list chains', async () => {
    const kernel = new FakeNetfilter();
    const mute = { list: async () => undefined, close: () => {} };
    const rig = createRig(kernel, { lister: mute });
    await rig.sync();
    expect(await rig.proxier.backend.damaged(never)).toBe(false);
    await kernel.restore('*nat\n-X KUBE-PROXY-CANARY\nCOMMIT\n');
    expect(await rig.proxier.backend.damaged(never)).toBe(true);
  });
});

describe('the next check', () => {
  test.each([
    { name: 'comes after two seconds when a check is very short', tookMs: 0.6, repairs: 0, wanted: 2000 },
    { name: 'waits so long that checks take at most 1/500 of the time', tookMs: 10, repairs: 0, wanted: 5000 },
    { name: 'never waits longer than the sync period', tookMs: 500, repairs: 0, wanted: 30_000 },
    { name: 'waits longer after each repeated damage', tookMs: 1, repairs: 3, wanted: 16_000 },
    { name: 'waits longer when there is no service', tookMs: 1, repairs: 0, used: false, wanted: 10_000 },
  ])('$name', ({ wanted, ...look }) => expect(nextCheckMs({ used: true, ...look }, 30_000)).toBe(wanted));
});
