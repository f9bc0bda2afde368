// The model of a node against the kernel: the same rules, the same packets, the same ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNode } from '../../../src/dataplane/node/node.ts';
import { sendPacket } from '../../../src/dataplane/node/send.ts';
import { kindOf, observe } from '../../support/dataplane/compare.ts';
import { type Dice, diceOf } from '../../support/dataplane/dice.ts';
import { probesOf, ruleSetOf } from '../../support/dataplane/generate.ts';
import { Ground, type Probe, type RuleSet } from '../../support/dataplane/ground.ts';
import { handwritten } from '../../support/dataplane/handwritten.ts';
import { compareRuleSet, newTally, type Tally } from '../../support/dataplane/run.ts';
import { probeOfSix, ruleSetOfSix } from '../../support/dataplane/six.ts';
import { goldenServices, goldenSlices } from '../../support/proxy/golden.ts';
import { FakeNft } from '../../support/proxy/nftables/fake-nft.ts';
import { createNftablesRig } from '../../support/proxy/nftables/rig.ts';
import { runs } from '../../support/runs.ts';

let ground: Ground;
let ground6: Ground;
const total = newTally();
const total6 = newTally();

beforeAll(async () => {
  ground = await Ground.create(`model-${process.pid}`);
  ground6 = await Ground.create(`model6-${process.pid}`, 'ip6');
});
afterAll(async () => {
  await ground[Symbol.asyncDispose]();
  await ground6[Symbol.asyncDispose]();
});

const compareAll = async (
  sets: readonly RuleSet[],
  probes: (index: number) => readonly Probe[],
  refused = 0,
): Promise<void> => {
  const tally = newTally();
  for (const [index, rules] of sets.entries()) await compareRuleSet(ground, rules, probes(index), tally);
  add(total, tally);
  expect(tally.disagreements.slice(0, 3).join('\n\n')).toBe('');
  expect(tally.refusals.length, tally.refusals.slice(0, 3).join('\n')).toBeLessThanOrEqual(refused);
};

/** The same in IPv6. */
const compareAll6 = async (
  sets: readonly RuleSet[],
  probes: (index: number) => readonly Probe[],
  refused = 0,
): Promise<void> => {
  const tally = newTally();
  for (const [index, rules] of sets.entries())
    await compareRuleSet(ground6, ruleSetOfSix(rules), probes(index).map(probeOfSix), tally);
  add(total6, tally);
  expect(tally.disagreements.slice(0, 3).join('\n\n')).toBe('');
  expect(tally.refusals.length, tally.refusals.slice(0, 3).join('\n')).toBeLessThanOrEqual(refused);
};

const add = (to: Tally, from: Tally): void => {
  for (const key of ['ruleSets', 'packets', 'known', 'tooMany'] as const) to[key] += from[key];
  for (const [kind, count] of Object.entries(from.kinds)) to.kinds[kind] = (to.kinds[kind] ?? 0) + count;
};

test('rules that people write', async () => {
  expect(handwritten.length).toBeGreaterThan(80);
  await compareAll(handwritten, (index) => probesOf(diceOf(index), 150));
});

test('the same rules in IPv6', () => compareAll6(handwritten, (index) => probesOf(diceOf(index), 100)));

describe('the rules of kube-proxy', () => {
  const read = (name: string): string =>
    readFileSync(join(import.meta.dirname, '../../fixtures/kube-proxy-v1.36.2', name), 'utf8');
  const iptables = (configuration: string): string =>
    ['mangle', 'nat', 'filter']
      .map((table) => read(`${configuration}-${table}.txt`))
      .join('')
      // This kernel need not have nfacct.
      .replace(/^.*localhost_nps_accepted_pkts.*\n/gm, '')
      .replaceAll(' -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts', '');
  const recorded = read('nftables-ruleset.txt');
  const sysctls = ['net.ipv4.conf.all.route_localnet=1'];
  const targets = [...recorded.matchAll(/(\d+\.\d+\.\d+\.\d+) \. (tcp|udp) \. (\d+)/g)].map(
    ([, to = '', protocol = '', port = '']) => [to, protocol, Number(port)] as const,
  );
  const nodePorts = [...recorded.matchAll(/\b(tcp|udp) \. (3\d{4})\b/g)].map(
    ([, protocol = '', port = '']) => ['10.123.0.11', protocol, Number(port)] as const,
  );
  const entries: readonly [source: string, entry: Probe['entry']][] = [
    ['10.200.9.9', { kind: 'link', link: 'e1' }],
    ['10.0.0.9', { kind: 'link', link: 'e0' }],
    ['10.200.2.1', { kind: 'link', link: 'e1' }],
    ['10.0.0.1', { kind: 'process' }],
    ['10.123.0.11', { kind: 'process' }],
  ];
  const probes = [...targets, ...nodePorts, ['127.0.0.1', 'tcp', 30_007] as const].flatMap(
    ([destination, protocol, destinationPort], at) =>
      entries.map(
        ([source, entry], index): Probe => ({
          packet: { source, destination, protocol, destinationPort, sourcePort: 3000 + at * entries.length + index },
          entry,
        }),
      ),
  );

  test('in iptables mode, of the original', async () => {
    expect(targets.length + nodePorts.length).toBeGreaterThan(50);
    const sets = ['default', 'nocidr'].flatMap((configuration): RuleSet[] => [
      { name: `${configuration} nft`, iptables: iptables(configuration), sysctls },
      { name: `${configuration} legacy`, iptablesLegacy: iptables(configuration), sysctls },
    ]);
    await compareAll(sets, () => probes);
    await compareAll6(sets, () => probes);
  });

  test('in nftables mode, of the original and of our own', async () => {
    const nft = new FakeNft();
    const rig = createNftablesRig(nft);
    for (const service of goldenServices()) rig.proxier.onService(undefined, service);
    for (const slice of goldenSlices()) rig.proxier.onSlice(undefined, slice);
    await rig.sync();
    const ours = nft.inputs.join('\n');
    expect(ours.match(/element/g)?.length).toBeGreaterThan(10);
    await compareAll(
      [
        { name: 'original', nft: recorded, sysctls },
        { name: 'ours', nft: ours, sysctls },
      ],
      () => probes,
    );
  });
});

test('random rules of both backends, of native nft, and mixtures', async () => {
  const seeds = Array.from({ length: runs(230) }, (_, index) => index + 1);
  const dice = seeds.map(diceOf);
  const sets = dice.map((each, index) => ruleSetOf(each, `seed ${seeds[index]}`));
  // Few generated rules are refused by a tool; such a rule set says nothing.
  await compareAll(sets, (index) => probesOf(dice[index] as Dice, 100), seeds.length / 10);
});

test('random rules in IPv6', async () => {
  const seeds = Array.from({ length: runs(100) }, (_, index) => index + 1);
  const dice = seeds.map(diceOf);
  const sets = dice.map((each, index) => ruleSetOf(each, `seed ${seeds[index]}`));
  await compareAll6(sets, (index) => probesOf(dice[index] as Dice, 100), seeds.length / 10);
});

test('random choices have the shares that the model says', async () => {
  const rules = (probability: string): string =>
    `*nat\n:PREROUTING ACCEPT\n-A PREROUTING -m statistic --mode random --probability ${probability} -j DNAT --to-destination 10.1.0.9\n-A PREROUTING -j DNAT --to-destination 10.2.0.9\nCOMMIT\n`;
  const sets: readonly RuleSet[] = [
    { name: 'iptables', iptables: rules('0.2') },
    { name: 'legacy', iptablesLegacy: rules('0.75') },
    {
      name: 'native',
      nft: 'table ip lab {\nchain c { type nat hook prerouting priority -100;\ndnat to numgen random mod 3 map { 0 : 10.1.0.9, 1 : 10.2.0.9, 2 : 10.22.0.5 }\n}\n}',
    },
  ];
  const count = 2000;
  for (const set of sets) {
    const node = readNode(ground.load(set));
    const probes = Array.from(
      { length: count },
      (_, index): Probe => ({
        packet: {
          source: '10.0.0.9',
          destination: '10.96.0.1',
          protocol: 'udp',
          destinationPort: 80,
          sourcePort: 2000 + index,
        },
        entry: { kind: 'link', link: 'e0' },
      }),
    );
    const seen = (await ground.send(probes)).map((each) => each.find(({ kind }) => kind === 'packet')?.destination);
    const first = probes[0] as Probe;
    const branches = sendPacket(node, first.packet, first.entry);
    expect(branches.length, set.name).toBeGreaterThan(1);
    for (const { headers, probability } of branches) {
      const observed = seen.filter((destination) => destination === headers.destination).length;
      // Six standard deviations: once in a billion runs.
      expect(Math.abs(observed - count * probability), `${set.name} ${headers.destination}`).toBeLessThan(
        6 * Math.sqrt(count * probability * (1 - probability)),
      );
    }
  }
});

test('the comparison would notice a wrong end', async () => {
  const texts = ground.load({
    name: 'drop',
    iptables: '*filter\n:FORWARD ACCEPT\n-A FORWARD -p udp -j DROP\nCOMMIT\n',
  });
  const probe: Probe = {
    packet: { source: '10.0.0.9', destination: '10.1.0.9', protocol: 'udp', destinationPort: 80, sourcePort: 2000 },
    entry: { kind: 'link', link: 'e0' },
  };
  const [dropped = []] = await ground.send([probe]);
  expect(observe(dropped)).toBe('nothing');
  ground.load({ name: 'nothing' });
  const [passed = []] = await ground.send([probe]);
  expect(observe(passed)).toBe('p1 10.0.0.9:2000 > 10.1.0.9:80');
  expect(sendPacket(readNode(texts), probe.packet, probe.entry)[0]?.end.kind).toBe('dropped');
});

test('at least 300 rule sets were compared, each kind of end was seen, and nearly all ends were known', () => {
  expect(total.ruleSets).toBeGreaterThanOrEqual(300);
  expect(total.packets).toBeGreaterThan(30_000);
  for (const kind of ['leaves', 'local', 'rejected', 'nothing'].map(kindOf))
    expect(total.kinds[kind], kind).toBeGreaterThan(1000);
  expect(total.known / total.packets).toBeGreaterThan(0.95);
  expect(total6.ruleSets).toBeGreaterThan(150);
  for (const kind of ['leaves', 'local', 'rejected', 'nothing'].map(kindOf))
    expect(total6.kinds[kind], kind).toBeGreaterThan(300);
  expect(total6.known / total6.packets).toBeGreaterThan(0.9);
});
